import IPAddresses
import Testing

@testable import Diagnosis

@Suite struct ExaminationTests {
    /// A machine on which all is well.
    private static func healthy() throws -> MachineFacts {
        var facts = MachineFacts()
        facts.hasKernelWireGuard = true
        facts.hasNetAdmin = true
        facts.node = MachineFacts.Node(
            name: "host-a", problems: [], overlay: [try #require(IPPrefix("10.77.0.0/16"))], members: [member("host-b")])
        facts.routedNetworks = [try #require(IPPrefix("192.0.2.0/24"))]
        facts.interfaceMTU = 1420
        facts.fittingMTU = 1420
        facts.isClockSynchronized = true
        facts.firewall = .open
        facts.ownName = .found(["10.77.0.1"])
        return facts
    }

    private static func member(
        _ name: String, isConnected: Bool = true, isUnreachable: Bool = false, hasHandshake: Bool = true, sentBytes: UInt64 = 1
    ) -> MachineFacts.Member {
        MachineFacts.Member(
            name: name, isConnected: isConnected, isUnreachable: isUnreachable, hasHandshake: hasHandshake, sentBytes: sentBytes)
    }

    /// What is found besides what is good, after a change to a healthy machine.
    private func findings(_ change: (inout MachineFacts) -> Void) throws -> [Finding] {
        var facts = try Self.healthy()
        change(&facts)
        return Examination(facts).findings.filter { $0.grade != .good }
    }

    private func expect(
        _ grade: Finding.Grade, _ words: String..., after change: (inout MachineFacts) -> Void,
        at location: SourceLocation = #_sourceLocation
    ) throws {
        let found = try findings(change)
        #expect(found.count == 1 && found[0].grade == grade, "\(found)", sourceLocation: location)
        for word in words { #expect(found.first?.text.contains(word) == true, "\(found)", sourceLocation: location) }
    }

    @Test func aHealthyMachineHasNoFaults() throws {
        #expect(try findings { _ in } == [])
        let subjects = Examination(try Self.healthy()).findings.map(\.subject)
        #expect(subjects == ["WireGuard", "node", "firewall", "members", "MTU", "names", "clock"])
    }

    @Test func whetherOthersCanConnect() throws {
        try expect(.remark, "10042/tcp", "could not", "forward") { $0.node?.reachability = .unreachable }
        try expect(.remark, "10042/tcp", "not known") { $0.node?.reachability = .unknown }
        #expect(try findings { $0.node?.reachability = .reachable } == [])
        var facts = try Self.healthy()
        facts.node?.reachability = .reachable
        #expect(Examination(facts).findings.contains { $0.subject == "reach" && $0.grade == .good })
        // Alone, there is nobody outside.
        #expect(
            try findings {
                $0.node?.reachability = .unknown
                $0.node?.members = []
            } == [])
    }

    @Test func wireguardIsMissing() throws {
        try expect(.fault, "modprobe wireguard", "wireguard-go") { $0.hasKernelWireGuard = false }
        try expect(.fault, "modprobe wireguard", "wireguard-go") { $0.hasKernelWireGuard = nil }
        try expect(.fault, "/dev/net/tun", "modprobe tun") {
            $0.hasKernelWireGuard = false
            $0.userspacePrograms = ["wireguard-go"]
        }
        let found = try findings {
            $0.hasKernelWireGuard = false
            $0.userspacePrograms = ["wireguard-go"]
            $0.hasTunDevice = true
        }
        #expect(found.isEmpty)
    }

    @Test func theNodeTellsOfProblems() throws {
        try expect(.fault, "cannot join by") { $0.node?.problems = ["cannot join by 192.0.2.9"] }
    }

    @Test func withoutANodePortsAndRightsCount() throws {
        try expect(.remark, "no node") {
            $0.node = nil
            $0.silence = "no node here"
        }
        let found = try findings {
            $0.node = nil
            $0.hasNetAdmin = false
            $0.isPeeringPortFree = false
            $0.isWireGuardPortFree = false
        }
        #expect(found.map(\.subject) == ["rights", "node", "ports", "ports"])
        #expect(found.map(\.grade) == [.remark, .remark, .fault, .fault])
        #expect(found[2].text.contains("10042/tcp") && found[2].text.contains("--cluster-port"))
        #expect(found[3].text.contains("10042/udp") && found[3].text.contains("--wireguard-port"))
    }

    @Test func theFirewallMayDrop() throws {
        try expect(.fault, "chain input", "10042/tcp and 10042/udp") { $0.firewall = .closed(chain: "input", namedPorts: [22]) }
        try expect(.fault, "names 10043/udp:") {
            $0.wireguardPort = 10043
            $0.firewall = .closed(chain: "input", namedPorts: [10042])
        }
        #expect(try findings { $0.firewall = .closed(chain: "input", namedPorts: [10042]) }.isEmpty)
        try expect(.remark, "10042/tcp and 10042/udp have to be open") { $0.firewall = .unknown }
    }

    @Test func membersAreMissed() throws {
        try expect(.fault, "connected with nobody") { $0.node?.members = [Self.member("host-b", isConnected: false)] }
        try expect(.remark, "unreachable: host-c", "weft ping") {
            $0.node?.members.append(Self.member("host-c", isConnected: false, isUnreachable: true))
        }
        try expect(.fault, "never had an answer: host-c", "UDP") {
            $0.node?.members.append(Self.member("host-c", isConnected: false, hasHandshake: false))
        }
        #expect(
            try findings { $0.node?.members.append(Self.member("host-c", hasHandshake: false, sentBytes: 0)) }.isEmpty,
            "nothing to tell yet")
        #expect(try findings { $0.node?.members = [] }.isEmpty, "alone, and not lonely")
    }

    @Test func manyAreNotAllNamed() throws {
        let found = try findings { facts in
            let names = (0..<20).map { "lost-\($0)" }
            facts.node?.members += names.map { Self.member($0, isConnected: false, isUnreachable: true) }
        }
        #expect(
            found.first?.text.contains("lost-\(Examination.maximumNames - 1) and \(20 - Examination.maximumNames) more") == true, "\(found)"
        )
    }

    @Test func theRest() throws {
        try expect(.fault, "1500", "1420") { $0.interfaceMTU = 1500 }
        #expect(try findings { $0.interfaceMTU = 1280 }.isEmpty)
        #expect(try findings { $0.interfaceMTU = nil }.isEmpty)
        try expect(.remark, "host-a.weft is not found") { $0.ownName = .notFound }
        try expect(.remark, "synchronized") { $0.isClockSynchronized = false }
        #expect(try findings { $0.isClockSynchronized = nil }.isEmpty)
        let network = try #require(IPPrefix("10.77.3.0/24"))
        try expect(.fault, "10.77.3.0/24", "10.77.0.0/16") { $0.routedNetworks.append(network) }
    }

    /// A finding is a line.
    @Test func textsAreSentencesOnALine() throws {
        var facts = try Self.healthy()
        facts.node = nil
        for finding in Examination(facts).findings + Examination(try Self.healthy()).findings {
            #expect(!finding.text.contains("\n") && finding.text.last != ".", "\(finding)")
        }
    }
}

@Suite struct FirewallTests {
    @Test func aDefaultOfDropIsClosedButForWhatRulesName() {
        let firewall = Firewall(
            ruleset: """
                table inet filter {
                	chain input {
                		type filter hook input priority filter; policy drop;
                		ct state established,related accept
                		tcp dport { 22, 10042 } accept
                		udp dport 10050-10052 accept
                	}
                	chain forward {
                		type filter hook forward priority filter; policy drop;
                	}
                }
                """)
        #expect(firewall == .closed(chain: "input", namedPorts: [22, 10042, 10050, 10051, 10052]))
    }

    @Test(arguments: [
        "", "table ip x {\n\tchain y {\n\t\ttype filter hook input priority 0; policy accept;\n\t\ttcp dport 22 accept\n\t}\n}",
    ])
    func withoutADefaultOfDropItIsOpen(ruleset: String) {
        #expect(Firewall(ruleset: ruleset) == .open)
    }

    @Test func rubbishIsNoTrap() {
        for text in ["dport", "dport -", "dport 5-3", "dport 0-65535", "chain", "hook input drop", "dport 99999999999999999999"] {
            _ = Firewall(ruleset: text)
        }
        #expect(Firewall(ruleset: "chain c\nhook input drop") == .closed(chain: "c", namedPorts: []))
    }
}
