import IPAddresses
import Testing
import WeftTestKit

@testable import PortMapping

/// Other routers, other ports, and the end.
@Suite struct PlannerChangeTests {
    // MARK: Changes

    @Test func twoRoutersAreTwoMatters() throws {
        var rig = try rig()
        let second = try #require(Router(address("10.0.0.1"), ownAddress: address("10.0.0.7")))
        rig.routers[second] = FakeRouter(speaksPCP: false, speaksNATPMP: false, external: address("6.6.6.6"))
        rig.want(try ports(), [try home(), second])
        rig.run(for: .seconds(1))
        #expect(rig.mappings.map(\.router) == [try home(), try home(), second, second])
        #expect(rig.mappings.map(\.external.address.description) == ["5.5.5.7", "5.5.5.7", "6.6.6.6", "6.6.6.6"])
    }

    @Test func aNewRouterTakesThePlaceOfTheOld() throws {
        var rig = try rig()
        rig.want(try ports(), [try home()])
        let second = try #require(Router(address("10.0.0.1"), ownAddress: address("10.0.0.7")))
        rig.routers[second] = FakeRouter(external: address("6.6.6.6"))
        rig.want(try ports(), [second])
        #expect(rig.closed == [try home()])
        #expect(rig.mappings.allSatisfy { $0.router == second })
        // What the old one says does not matter any more.
        rig.feed(.datagram(hex("00 80 0000 00000a0b 05050507"), from: try home()))
        #expect(rig.mappings.allSatisfy { $0.router == second })
    }

    @Test(arguments: MappingWay.allCases)
    func whatIsNotWantedAnyMoreIsRemoved(way: MappingWay) throws {
        var configuration = PortMappingConfiguration()
        configuration.ways = [way]
        var rig = try rig(configuration)
        rig.want(try ports(), [try home()])
        rig.want([try tcp(10042), try udp(10050)], [try home()])
        #expect(rig.mappings.map(\.local) == [try tcp(10042), try udp(10050)])
        #expect(rig.routers[try home()]?.table.count == 2)
        rig.want([], [try home()])
        #expect(rig.mappings.isEmpty)
        #expect(rig.routers[try home()]?.table.isEmpty == true)
        rig.run(for: .seconds(100))
        #expect(rig.planner.nextDeadline == nil)
    }

    @Test func theSameAgainCostsNothing() throws {
        var rig = try rig()
        rig.want(try ports(), [try home()])
        for _ in 0..<100 { rig.want(try ports(), [try home()]) }
        #expect(rig.routers[try home()]?.datagrams == 3)
    }

    @Test func routersAndPortsHaveALimit() throws {
        var rig = try PlannerRig()
        let routers = (1...20).compactMap { Router(address("10.0.\($0).1"), ownAddress: address("10.0.\($0).2")) }
        for router in routers { rig.routers[router] = FakeRouter() }
        rig.want(try (1...20).map { try tcp($0) }, routers)
        #expect(rig.mappings.count == PortMappingLimits.routers * PortMappingLimits.ports)
    }

    // MARK: Strangers

    /// Somebody on the network guesses what the router would say, and says it first.
    @Test func anAnswerWithAnotherNonceIsNotTaken() throws {
        var rig = try PlannerRig()
        rig.want(try ports(), [try home()])
        let foreign = hex(
            """
            02 81 00 00 00001c20 00000a0b 000000000000000000000000
            0102030405060708090a0b0c 06 000000 273a 8001 00000000000000000000ffff06060606
            """)
        rig.feed(.datagram(foreign, from: try home()))
        #expect(rig.mappings.isEmpty)
        rig.routers[try home()] = FakeRouter()
        rig.run(for: .milliseconds(250))
        #expect(rig.externals == [10042, 10042])
        #expect(rig.mappings.allSatisfy { $0.external.address == address("5.5.5.7") })
    }

    /// Nobody asked for these.
    @Test func answersWithoutAQuestionAreNotTaken() throws {
        var rig = try PlannerRig()
        rig.want([try udp(10042)], [try home()])
        rig.feed(.datagram(hex("00 81 0000 00000001 273a 8001 00000e10"), from: try home()))
        rig.run(for: .seconds(60))
        rig.feed(.datagram(hex("00 80 0000 00000a0b 05050507"), from: try home()))
        #expect(rig.mappings.isEmpty)
        let stranger = try #require(Router(address("192.168.1.9"), ownAddress: address("192.168.1.7")))
        rig.feed(.datagram(hex("00 80 0000 00000a0b 05050507"), from: stranger))
        #expect(rig.mappings.isEmpty)
    }

    @Test func anotherDeviceIsNoRouter() throws {
        var rig = try PlannerRig()
        rig.want(try ports(), [try home()])
        rig.feed(.unreachable(try home()))
        func answer(_ host: String) -> [UInt8] { bytes("HTTP/1.1 200 OK\r\nLOCATION: http://\(host):5000/d.xml\r\n\r\n") }
        rig.routers[try home()] = FakeRouter()
        rig.feed(.searchAnswer(answer("192.168.1.9"), from: address("192.168.1.9"), for: try home()))
        rig.feed(.searchAnswer(answer("192.168.1.1"), from: address("192.168.1.9"), for: try home()))
        rig.feed(.searchAnswer(answer("192.168.1.9"), from: address("192.168.1.1"), for: try home()))
        #expect(rig.routers[try home()]?.requests == [])
        rig.feed(.searchAnswer(answer("192.168.1.1"), from: address("192.168.1.1"), for: try home()))
        #expect(rig.ways == [.upnp])
    }

    // MARK: The end

    @Test(arguments: MappingWay.allCases)
    func mappingsAreRemovedAtTheEnd(way: MappingWay) throws {
        var configuration = PortMappingConfiguration()
        configuration.ways = [way]
        var rig = try rig(configuration)
        rig.want(try ports(), [try home()])
        #expect(rig.routers[try home()]?.table.count == 2)
        rig.feed(.stop)
        #expect(rig.isStopped)
        #expect(rig.routers[try home()]?.table.isEmpty == true)
        #expect(rig.mappings.isEmpty)
        #expect(rig.planner.nextDeadline == nil)
        #expect(rig.closed == [try home()])
        rig.want(try ports(), [try home()])
        #expect(rig.mappings.isEmpty)
    }

    @Test func theEndIsBounded() throws {
        var rig = try rig()
        rig.want(try ports(), [try home()])
        rig.routers[try home()] = nil
        rig.feed(.stop)
        #expect(!rig.isStopped)
        rig.run(for: .milliseconds(999))
        #expect(!rig.isStopped)
        rig.run(for: .milliseconds(1))
        #expect(rig.isStopped)
    }

    @Test func whoHasNothingStopsAtOnce() throws {
        var rig = try rig { ($0.speaksPCP, $0.speaksNATPMP, $0.speaksUPnP) = (false, false, false) }
        rig.want(try ports(), [try home()])
        rig.run(for: .seconds(20))
        rig.feed(.stop)
        #expect(rig.isStopped)
        var idle = try PlannerRig()
        idle.feed(.stop)
        #expect(idle.isStopped)
    }
}
