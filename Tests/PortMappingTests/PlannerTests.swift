import IPAddresses
import Testing
import Timeline

@testable import PortMapping

/// Which protocol is spoken, and when.
@Suite struct PlannerTests {
    // MARK: Which protocol

    @Test func pcpComesFirst() throws {
        var rig = try rig()
        rig.want(try ports(), [try home()])
        #expect(rig.ways == [.pcp])
        #expect(rig.mappings.map(\.local) == (try ports()))
        #expect(rig.mappings.allSatisfy { $0.external == socket("5.5.5.7:10042") && $0.lifetimeSeconds == 7200 && $0.isPublic })
        #expect(rig.routers[try home()]?.datagrams == 3)
        #expect(rig.routers[try home()]?.searches == 0)
        #expect(rig.notes == [.mapped(try home(), .pcp)])
    }

    @Test func natPMPIsTakenWhenPCPIsSilent() throws {
        var rig = try rig { $0.speaksPCP = false }
        rig.want(try ports(), [try home()])
        #expect(rig.mappings.isEmpty)
        rig.run(for: .milliseconds(250))
        #expect(rig.ways == [.natPMP])
        #expect(rig.externals == [10042, 10042])
        #expect(rig.routers[try home()]?.searches == 0)
    }

    @Test func natPMPIsTakenAtOnceWhenPCPIsRefused() throws {
        var rig = try rig { $0.refusesPCPVersion = true }
        rig.want(try ports(), [try home()])
        #expect(rig.ways == [.natPMP])
    }

    @Test func upnpIsTriedAfterSilence() throws {
        var rig = try rig { ($0.speaksPCP, $0.speaksNATPMP) = (false, false) }
        rig.want(try ports(), [try home()])
        rig.run(for: .milliseconds(249))
        #expect(rig.routers[try home()]?.searches == 0)
        rig.run(for: .milliseconds(1))
        #expect(rig.ways == [.upnp])
        #expect(rig.routers[try home()]?.requests == ["description", "address", "add", "add"])
    }

    @Test func upnpIsTriedAtOnceWhenThePortIsClosed() throws {
        var rig = try rig { ($0.speaksPCP, $0.speaksNATPMP) = (false, false) }
        rig.want(try ports(), [try home()])
        rig.feed(.unreachable(try home()))
        #expect(rig.ways == [.upnp])
    }

    @Test(arguments: [UInt8(2), 12, 4, 8])
    func aRefusalByPCPIsNotTheEnd(code: UInt8) throws {
        var rig = try rig { $0.pcpRefusal = code }
        rig.want(try ports(), [try home()])
        rig.run(for: .milliseconds(250))
        #expect(rig.ways == [.natPMP])
    }

    @Test func onlyWhatIsAllowedIsSpoken() throws {
        var configuration = PortMappingConfiguration()
        configuration.ways = [.upnp]
        var rig = try rig(configuration)
        rig.want(try ports(), [try home()])
        #expect(rig.ways == [.upnp])
        #expect(rig.routers[try home()]?.datagrams == 0)
    }

    // MARK: At rest

    @Test func aSilentRouterIsAskedEverMoreSeldom() throws {
        var rig = try rig { ($0.speaksPCP, $0.speaksNATPMP, $0.speaksUPnP) = (false, false, false) }
        rig.want(try ports(), [try home()])
        rig.run(for: .seconds(10))
        #expect(rig.notes == [.noAnswer(try home())])
        let first = rig.routers[try home()]
        #expect(first?.datagrams == 6)
        #expect(first?.searches == 8)
        rig.run(for: .seconds(86_400))
        let rounds = rig.notes.count
        // 30 s, 2 min, 8 min, 32 min, then every hour, less up to an eighth.
        #expect((27...32).contains(rounds))
        #expect(rig.routers[try home()]?.datagrams == 6 * rounds)
        let rest = try #require(rig.planner.nextDeadline)
        #expect(rig.now.duration(to: rest) <= .seconds(3600))
    }

    @Test func whoHasAPublicAddressAsksNobody() throws {
        var rig = try PlannerRig()
        let router = try #require(Router(address("5.5.5.1"), ownAddress: address("5.5.5.7")))
        rig.routers[router] = FakeRouter()
        rig.want(try ports(), [router])
        rig.run(for: .seconds(86_400))
        #expect(rig.routers[router]?.datagrams == 0)
        #expect(rig.planner.nextDeadline == nil)
    }

    @Test func anIPv6RouterIsAskedByPCPAlone() throws {
        var rig = try PlannerRig()
        let router = try #require(Router(address("fe80::1"), ownAddress: address("2005:5:5::7"), interfaceIndex: 2))
        var fake = FakeRouter()
        fake.speaksPCP = false
        rig.routers[router] = fake
        rig.want(try ports(), [router])
        rig.run(for: .seconds(20))
        #expect(rig.routers[router]?.datagrams == 3)
        #expect(rig.routers[router]?.searches == 0)
    }

    // MARK: Renewal

    @Test(arguments: MappingWay.allCases)
    func mappingsAreRenewedAtHalfTheirLifetime(way: MappingWay) throws {
        var configuration = PortMappingConfiguration()
        configuration.ways = [way]
        var rig = try rig(configuration)
        rig.want(try ports(), [try home()])
        rig.run(for: .seconds(1))
        let next = try #require(rig.planner.nextDeadline)
        #expect((3100...3600).contains(rig.now.duration(to: next).wholeSeconds))
        rig.run(for: .seconds(10 * 3600))
        #expect(rig.mappings.count == 2)
        // It is told only once: nothing has changed.
        #expect(rig.changes <= 2)
        #expect(rig.notes == [.mapped(try home(), way)])
    }

    @Test func shortLifetimesDoNotKeepUsBusy() throws {
        var rig = try rig { $0.lifetime = 1 }
        rig.want(try ports(), [try home()])
        rig.run(for: .seconds(600))
        #expect(rig.routers[try home()].map { $0.datagrams <= 2 * 25 } == true)
    }

    @Test func aMappingThatCannotBeRenewedRunsOut() throws {
        var rig = try rig()
        rig.want(try ports(), [try home()])
        rig.routers[try home()] = nil
        rig.run(for: .seconds(7199))
        #expect(rig.mappings.count == 2)
        rig.run(for: .seconds(1))
        #expect(rig.mappings.isEmpty)
        #expect(rig.notes.filter { if case .expired = $0 { true } else { false } }.count == 2)
        // And comes back with the router.
        rig.routers[try home()] = FakeRouter()
        rig.run(for: .seconds(3600))
        #expect(rig.mappings.count == 2)
    }

    @Test func aRouterThatLearnsLessIsAskedByWhatIsLeft() throws {
        var rig = try rig()
        rig.want(try ports(), [try home()])
        rig.routers[try home()]?.speaksPCP = false
        rig.routers[try home()]?.speaksNATPMP = false
        rig.run(for: .seconds(3620))
        #expect(rig.ways == [.upnp])
    }

    @Test func aUPnPRouterThatMovesIsFoundAgain() throws {
        var rig = try rig { ($0.speaksPCP, $0.speaksNATPMP) = (false, false) }
        rig.want(try ports(), [try home()])
        rig.run(for: .seconds(1))
        rig.routers[try home()]?.speaksUPnP = false
        rig.run(for: .seconds(3600))
        rig.routers[try home()]?.speaksUPnP = true
        rig.run(for: .seconds(200))
        #expect(rig.mappings.count == 2)
        #expect(rig.routers[try home()]?.requests.suffix(4) == ["description", "address", "add", "add"])
    }
}
