import Foundation
import Testing
import WeftLaboratory

private let missing = Requirements.laboratory

@Suite(.serialized, .enabled(if: missing == nil, Comment(rawValue: missing ?? "")))
struct LaboratoryTests {
    @Test func hostsReachEachOtherUnlessCutOff() async throws {
        try await Laboratory.with { laboratory in
            let left = try laboratory.addHost("left")
            let right = try laboratory.addHost("right")
            try await left.waitForPing(right.ipv4, within: .seconds(5))
            try await left.waitForPing(right.ipv6, within: .seconds(5))
            try laboratory.setConnected(false, right)
            #expect(!left.pings(right.ipv4))
        }
    }

    @Test func hostsAreMadeByTheHundred() async throws {
        try await Laboratory.with { laboratory in
            let hosts = try laboratory.addHosts((1...260).map { "host-\($0)" })
            #expect(Set(hosts.map(\.ipv4)).count == 260)
            try await hosts[0].waitForPing(hosts[259].ipv4, within: .seconds(5))
            try await hosts[259].waitForPing(hosts[0].ipv6, within: .seconds(5))
            let tooMany = [String](repeating: "host", count: Laboratory.Topology.bridged.maximumHosts)
            #expect(throws: LaboratoryError.self) { try laboratory.addHosts(tooMany) }
        }
    }

    @Test func aRouterReachesHundredsWithoutNeighbourDiscovery() async throws {
        try await Laboratory.with(.routed) { laboratory in
            let hosts = try laboratory.addHosts((1...260).map { "host-\($0)" })
            try await hosts[0].waitForPing(hosts[259].ipv4, within: .seconds(5))
            try await hosts[259].waitForPing(hosts[0].ipv6, within: .seconds(5))
            for family in ["-4", "-6"] { #expect(try hosts[0].ip([family, "neigh", "show"]).split(separator: "\n").count == 1) }
            #expect(throws: LaboratoryError.self) { try laboratory.setConnected(false, hosts[0]) }
            #expect(throws: LaboratoryError.self) { try laboratory.split([hosts[0]]) }
            let tooMany = [String](repeating: "host", count: Laboratory.Topology.routed.maximumHosts)
            #expect(throws: LaboratoryError.self) { try laboratory.addHosts(tooMany) }
        }
    }

    @Test func aProcessStartsOnAHostThatWasEntered() async throws {
        try await Laboratory.with { laboratory in
            let host = try laboratory.addHost("host")
            let pipe = Pipe()
            let process = try laboratory.start(
                ["ip", "-brief", "address"], on: host.entered(), environment: [:], log: pipe.fileHandleForWriting.fileDescriptor)
            #expect(try process.wait(atMost: .seconds(5)) == .exited(0))
            try pipe.fileHandleForWriting.close()
            let text = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            #expect(text.contains("\(host.ipv4)/16"))
            #expect(!(try Tools.run(["ip", "-brief", "address"])).contains(host.ipv4))
        }
    }

    @Test func whatAProcessUsesIsTold() async throws {
        try await Laboratory.with { laboratory in
            let host = try laboratory.addHost("host")
            let process = try laboratory.start(["sleep", "60"], on: host, log: "sleep")
            // Until then it is the program that goes to the host, and is not there yet.
            try await eventually("it sleeps", within: .seconds(5)) {
                ProcessFacts.allCommandLines()[process.id]?.contains("netns") == false
            }
            #expect(try #require(ProcessFacts.contextSwitches(process.id)) > 0)
            #expect(try #require(ProcessFacts.processorSeconds(process.id)) > 0)
            #expect(ProcessFacts.memory(process.id).resident >= ProcessFacts.memory(process.id).proportional)
            let before = try #require(ProcessFacts.sentBytes(process.id, interface: LabHost.link))
            _ = host.pings("\(Laboratory.ipv4Network).5.99")
            #expect(try #require(ProcessFacts.sentBytes(process.id, interface: LabHost.link)) > before)
            #expect(ProcessFacts.sentBytes(process.id, interface: "none") == nil)
        }
    }

    @Test func nothingStaysBehind() async throws {
        var namespace = ""
        var directory = ""
        var process: pid_t = 0
        await #expect(throws: LaboratoryError.self) {
            try await Laboratory.with { laboratory in
                let host = try laboratory.addHost("host")
                (namespace, directory) = (host.namespace, laboratory.directory)
                process = try laboratory.start(["sleep", "60"], on: host, log: "sleep").id
                throw LaboratoryError("the test fails")
            }
        }
        #expect(!FileManager.default.fileExists(atPath: "/run/netns/\(namespace)"))
        #expect(!FileManager.default.fileExists(atPath: directory))
        #expect(kill(process, 0) != 0)
    }

    @Test func whatADeadRunLeftIsSwept() async throws {
        // No process has this id: it is above the largest that Linux gives (PID_MAX_LIMIT, 2^22).
        let left = "weftlab-4999999-1-hub"
        try Tools.run(["ip", "netns", "add", left])
        try await Laboratory.with { _ in }
        #expect(!FileManager.default.fileExists(atPath: "/run/netns/\(left)"))
    }

    @Test func aFailureTellsTheEndOfTheLog() async throws {
        let error = await #expect(throws: LaboratoryError.self) {
            try await Laboratory.with { laboratory in
                let host = try laboratory.addHost("host")
                let process = try laboratory.start(["sh", "-c", "echo out; echo err >&2; exit 3"], on: host, log: "shell")
                #expect(try process.wait(atMost: .seconds(5)) == .exited(3))
                throw LaboratoryError("the test fails")
            }
        }
        #expect(error?.description.contains("out") == true && error?.description.contains("err") == true)
    }

    @Test func waitingIsBounded() async throws {
        await #expect(throws: LaboratoryError.self) {
            try await eventually("never", within: .milliseconds(20)) { false }
        }
    }

    @Test func aSleepingProcessSwitchesNoMore() async throws {
        try await Laboratory.with { laboratory in
            let host = try laboratory.addHost("host")
            let process = try laboratory.start(["sleep", "60"], on: host, log: "sleep")
            try await eventually("it sleeps", within: .seconds(5)) { ProcessFacts.voluntarySwitches(process.id).map { $0 > 0 } ?? false }
            let all = try #require(ProcessFacts.voluntarySwitches(process.id))
            let idle = try #require(ProcessFacts.idleSwitches(process.id))
            #expect(idle <= all)
            #expect(ProcessFacts.allCommandLines()[process.id]?.contains("60") == true)
        }
    }
}

@Suite struct NodeStatusTests {
    @Test func decodesTheDocumentedForm() throws {
        let text = """
            {"version":1,"node":{"name":"a","peer_id":"12D3","interface":"weft0","wireguard":"kernel","addresses":["10.0.0.1"],"uptime_seconds":3},
            "members":[{"name":"a","peer_id":"12D3","addresses":[],"state":"self","endpoint":null,"last_handshake_seconds_ago":null,
            "received_bytes":0,"sent_bytes":0},{"name":"b","peer_id":"12D4","addresses":[],"state":"unreachable","endpoint":"1.2.3.4:5",
            "last_handshake_seconds_ago":1.5,"received_bytes":18446744073709551615,"sent_bytes":1}]}
            """
        let status = try JSONDecoder().decode(NodeStatus.self, from: Data(text.utf8))
        #expect(status.member("a")?.state == .ourselves)
        #expect(status.member("b")?.receivedBytes == .max)
    }
}
