import IPAddresses
import Testing
import Timeline
import WeftTestKit

@testable import PortMapping

/// A planner, its routers and their time.
struct PlannerRig {
    var planner: PortMappingPlanner<SeededGenerator>
    var routers: [Router: FakeRouter] = [:]
    var now = Instant.origin + .seconds(1000)
    private(set) var notes: [PortMappingNote] = []
    private(set) var mappings: [MappedPort] = []
    private(set) var changes = 0
    private(set) var isStopped = false
    private(set) var closed: [Router] = []

    init(secret: UInt8 = 7, seed: UInt64 = 1, configuration: PortMappingConfiguration = PortMappingConfiguration()) throws {
        let identity = try #require(PortMappingIdentity(secret: [UInt8](repeating: secret, count: 32), name: "host-a"))
        planner = PortMappingPlanner(identity: identity, configuration: configuration, generator: SeededGenerator(seed: seed))
    }

    mutating func feed(_ input: PortMappingInput) {
        var inputs = [input]
        while !inputs.isEmpty {
            for action in planner.handle(inputs.removeFirst(), now: now) {
                switch action {
                case .send(_, let router), .search(_, _, let router), .request(_, _, let router):
                    inputs += routers[router]?.answer(action, now: now) ?? []
                    if case .request(let id, _, _) = action, routers[router] == nil { inputs.append(.answered(id, nil, from: router)) }
                case .changed(let mappings):
                    self.mappings = mappings
                    changes += 1
                case .note(let note): notes.append(note)
                case .close(let router): closed.append(router)
                case .stopped: isStopped = true
                case .endSearch: break
                }
            }
        }
    }

    /// Lets time pass, from deadline to deadline.
    mutating func run(for duration: Duration) {
        let end = now + duration
        while let next = planner.nextDeadline, next <= end {
            now = max(now, next)
            feed(.deadlineReached)
        }
        now = end
    }

    mutating func want(_ ports: [LocalPort], _ routers: [Router]) {
        feed(.want(ports: ports, routers: routers))
    }

    var ways: Set<MappingWay> { Set(mappings.map(\.way)) }
    var externals: [UInt16] { mappings.map(\.external.port) }
}

/// A planner whose home has one router.
func rig(_ configuration: PortMappingConfiguration = .init(), _ change: (inout FakeRouter) -> Void = { _ in }) throws -> PlannerRig {
    var rig = try PlannerRig(configuration: configuration)
    var router = FakeRouter()
    change(&router)
    rig.routers[try home()] = router
    return rig
}

func ports() throws -> [LocalPort] { [try tcp(10042), try udp(10042)] }
