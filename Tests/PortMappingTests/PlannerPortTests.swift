import IPAddresses
import Testing

@testable import PortMapping

/// Which external ports are asked for and taken.
@Suite struct PlannerPortTests {
    @Test func whatIsGivenIsTaken() throws {
        var rig = try rig { $0.taken = [10042] }
        rig.want(try ports(), [try home()])
        #expect(rig.externals == [10043, 10043])
        let mapped = rig.mappings
        #expect(rig.notes.prefix(2) == [.anotherPort(mapped[0], asked: 10042), .anotherPort(mapped[1], asked: 10042)])
        rig.run(for: .seconds(8000))
        #expect(rig.mappings == mapped)
        #expect(rig.notes.count == 3)
    }

    @Test func upnpAsksForAnotherPortOnConflict() throws {
        var configuration = PortMappingConfiguration()
        configuration.ways = [.upnp]
        var rig = try rig(configuration) { $0.taken = [10042] }
        rig.want(try ports(), [try home()])
        let first = rig.externals
        #expect(first.count == 2)
        #expect(first.allSatisfy { (10_000..<60_000).contains($0) && $0 != 10042 })
        rig.run(for: .seconds(8000))
        #expect(rig.externals == first)
        // After a crash: the same node asks for the same again, and another one for others.
        var again = try PlannerRig(seed: 2, configuration: configuration)
        again.routers = rig.routers
        again.want(try ports(), [try home()])
        #expect(again.externals == first)
        #expect(again.routers[try home()]?.table.count == 2)
        var other = try PlannerRig(secret: 8, configuration: configuration)
        other.routers[try home()] = FakeRouter(taken: [10042])
        other.want(try ports(), [try home()])
        #expect(Set(other.externals).isDisjoint(with: first))
    }

    @Test func upnpDoesNotTryForEver() throws {
        var configuration = PortMappingConfiguration()
        configuration.ways = [.upnp]
        var rig = try rig(configuration) { $0.taken = Set(UInt16.min...UInt16.max) }
        rig.want(try ports(), [try home()])
        #expect(rig.mappings.isEmpty)
        #expect(rig.routers[try home()]?.requests.filter { $0 == "add" }.count == 2 * PortMappingLimits.portCandidates)
        #expect(rig.notes == [.refused(try home(), .upnp, reason: "UPnP error 718")])
    }

    @Test func aRouterWithoutLeasesMapsForEver() throws {
        var configuration = PortMappingConfiguration()
        configuration.ways = [.upnp]
        var rig = try rig(configuration) { $0.hasNoLeases = true }
        rig.want(try ports(), [try home()])
        #expect(rig.mappings.map(\.lifetimeSeconds) == [nil, nil])
        #expect(rig.routers[try home()]?.requests == ["description", "address", "add", "add", "add"])
        rig.run(for: .seconds(8000))
        #expect(rig.mappings.count == 2)
        rig.feed(.stop)
        #expect(rig.routers[try home()]?.table.isEmpty == true)
    }

    @Test(arguments: [MappingWay.pcp, .natPMP])
    func afterACrashTheSameMappingsAreHad(way: MappingWay) throws {
        var configuration = PortMappingConfiguration()
        configuration.ways = [way]
        var rig = try rig(configuration) { $0.taken = [10042] }
        rig.want(try ports(), [try home()])
        var again = try PlannerRig(seed: 2, configuration: configuration)
        again.routers = rig.routers
        again.want(try ports(), [try home()])
        #expect(again.mappings == rig.mappings)
        #expect(again.routers[try home()]?.table.count == 2)
    }

    /// A node that lost its secret cannot have its PCP mapping back; the router knows other ways.
    @Test func aForeignNonceIsRefusedAndAnotherWayFound() throws {
        var rig = try rig()
        rig.want(try ports(), [try home()])
        var other = try PlannerRig(secret: 8)
        other.routers = rig.routers
        other.want(try ports(), [try home()])
        other.run(for: .seconds(1))
        #expect(other.ways == [.natPMP])
    }

    @Test(arguments: ["100.64.0.9", "10.0.0.9"]) func aRouterBehindARouterIsTold(text: String) throws {
        var rig = try rig { $0.external = address(text) }
        rig.want(try ports(), [try home()])
        #expect(rig.mappings.map(\.isPublic) == [false, false])
        #expect(rig.notes == [.notPublic(try home(), external: address(text)), .mapped(try home(), .pcp)])
    }
}
