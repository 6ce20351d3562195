import IPAddresses
import Testing
import Timeline
import WeftTestKit

@testable import PortMapping

/// What comes from the network never traps, never makes anything grow, and never ends the planner's work.
@Suite struct HostileInputTests {
    private static let packets = [
        hex("00 80 0000 00000a0b 05050507"), hex("00 81 0000 00000001 273a 8001 00000e10"),
        hex("00 82 0001 00000001 273a 8001 00000e10"), hex("02 80 00 00 00000000 00000003 000000000000000000000000"),
        hex(
            """
            02 81 00 00 00001c20 00000a0b 000000000000000000000000
            0102030405060708090a0b0c 06 000000 273a 8001 00000000000000000000ffff05050507
            """),
        bytes("HTTP/1.1 200 OK\r\nLOCATION: http://192.168.1.1:5000/d.xml\r\n\r\n"),
    ]

    private static let documents = [
        UPnPMessageTests.description(services: [("urn:schemas-upnp-org:service:WANIPConnection:1", "/ctl")]),
        bytes("<?xml version=\"1.0\"?><s:E xmlns:s='x'><!-- c --><a>5.5.5.7</a><b/><![CDATA[x]]>&amp;</s:E>"),
        bytes("<s><detail><UPnPError><errorCode>718</errorCode></UPnPError></detail></s>"),
    ]

    @Test func mutatedPacketsAreReadOrRefused() throws {
        var generator = SeededGenerator(seed: testSeed("mutatedPacketsAreReadOrRefused"))
        let router = address("192.168.1.1")
        for _ in 0..<100_000 {
            let packet = Self.packets.randomElement(using: &generator) ?? []
            let mutated = generator.mutated(packet, among: Self.packets)
            _ = NATPMP.answer(mutated)
            _ = PCP.answer(mutated)
            _ = DeviceSearch.location(in: mutated, router: router)
        }
    }

    @Test func mutatedDocumentsAreReadOrRefused() throws {
        var generator = SeededGenerator(seed: testSeed("mutatedDocumentsAreReadOrRefused"))
        let url = try #require(DeviceURL("http://192.168.1.1:5000/d.xml", at: address("192.168.1.1")))
        for round in 0..<20_000 {
            let document = Self.documents[round % 10 == 0 ? 0 : 1 + round % 2]
            let mutated = generator.mutated(document, among: Self.documents)
            let connections = (try? DeviceDescription.connections(in: mutated, at: url)) ?? []
            #expect(connections.allSatisfy { $0.control.socket.address == url.socket.address })
            _ = ConnectionAction.outcome(of: HTTPAnswer(status: 200, body: mutated))
        }
    }

    /// A router that sends right and wrong things at any time, and a network that forges announcements.
    @Test(arguments: 0..<20) func thePlannerGoesOn(round: UInt64) throws {
        let seed = testSeed("thePlannerGoesOn \(round)") &+ round
        var generator = SeededGenerator(seed: seed)
        var rig = try PlannerRig(seed: seed)
        let router = try home()
        rig.want([try tcp(10042), try udp(10042)], [router])
        for _ in 0..<3000 {
            let packet = generator.mutated(Self.packets.randomElement(using: &generator) ?? [], among: Self.packets)
            switch Int.random(in: 0..<8, using: &generator) {
            case 0, 1: rig.feed(.datagram(packet, from: router))
            case 2: rig.feed(.announcement(packet, from: router.address, port: NATPMP.port))
            case 3: rig.feed(.searchAnswer(packet, from: router.address, for: router))
            case 4: rig.feed(.unreachable(router))
            case 5: rig.feed(.recheck)
            case 6: rig.routers[router] = Bool.random(using: &generator) ? FakeRouter(speaksPCP: Bool.random(using: &generator)) : nil
            default: rig.run(for: .milliseconds(Int.random(in: 0...60_000, using: &generator)))
            }
            #expect(rig.mappings.count <= 2)
        }
        // A router that works is used, whatever went before, once it is asked again.
        rig.routers[router] = FakeRouter()
        rig.run(for: .seconds(2 * 3600))
        #expect(rig.mappings.count == 2)
        rig.feed(.stop)
        rig.run(for: .seconds(1))
        #expect(rig.isStopped)
    }
}
