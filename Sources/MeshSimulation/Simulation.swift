import Mesh
import Multiformats
import Timeline
import WeftTestKit

/// Many nodes, each of them the real cores, on simulated machines and a simulated network, under a virtual clock.
///
/// Nothing in it depends on anything but the scenario, so a run can be repeated exactly.
package struct Simulation {
    let scenario: Scenario
    var now = Instant.origin
    var queue = EventQueue<Event>()
    var network: SimulatedNetwork
    var machines: [Machine] = []
    var connections: [ConnectionID: Connection] = [:]
    var nextConnection = 1
    var nextIdentity = 0
    /// Which machine each identity belongs to; of a cloned one, the original.
    var owners: [PeerID: Int] = [:]
    var generator: SeededGenerator
    var trace: Trace
    var meters: [TrafficMeter]
    var checker: InvariantChecker
    let archive = RecordArchive()

    package init(_ scenario: Scenario, isVerbose: Bool = false) {
        self.scenario = scenario
        generator = SeededGenerator(seed: scenario.seed &* 0x9e37_79b9_7f4a_7c15 &+ 1)
        network = SimulatedNetwork(profile: scenario.network, seed: generator.next())
        trace = Trace(isVerbose: isVerbose)
        meters = scenario.machines.map { _ in TrafficMeter() }
        checker = InvariantChecker()
        for (index, specification) in scenario.machines.enumerated() {
            machines.append(
                Machine(
                    specification: specification, address: network.assignAddress(to: index),
                    clockOffsetMillis: specification.clockOffsetMillis))
        }
        for (time, step) in scenario.plan.steps { queue.insert(.step(step), at: time) }
        queue.insert(.step(.quiet), at: scenario.plan.end)
        queue.insert(.sample, at: .origin + InvariantChecker.sampleInterval)
    }

    /// Runs to the end, or to the first broken promise.
    package mutating func run() -> SeedReport {
        while !checker.isOver, step() {}
        return report()
    }

    /// - Returns: whether there was anything left to happen.
    mutating func step() -> Bool {
        guard let (time, event) = queue.popFirst() else { return false }
        now = max(now, time)
        checker.eventCount += 1
        handle(event)
        return true
    }

    mutating func plan(_ event: Event, after delay: Duration) { queue.insert(event, at: now + delay) }

    private mutating func handle(_ event: Event) {
        switch event {
        case .step(let step): carryOut(step)
        case .nodeDeadline(let machine, let process): nodeDeadlineReached(machine, process)
        case .gossipDeadline(let machine, let process): gossipDeadlineReached(machine, process)
        case .save(let machine, let process): saveIfDue(machine, process)
        case .networkReady(let machine, let process):
            if isRunning(machine, process) { post(.input(.readyToPeer), to: machine) }
        case .goodbyeSaid(let machine, let process): goodbyeSaid(machine, process)
        case .dial(let dial): attempt(dial)
        case .upgraded(let dial, let address, let machine, let process): upgraded(dial, address, machine, process)
        case .dialEnded(let machine, let process, let target, let peer): dialEnded(machine, process, target, peer)
        case .established(let id, let side): established(id, side)
        case .pubsubNegotiated(let id, let side): pubsubNegotiated(id, side)
        case .arrival(let id, let side, let frame): arrived(frame, on: id, from: side)
        case .reset(let id, let side): transportEnded(id, side)
        case .retransmission(let id, let side): retransmit(id, side)
        case .keepAlive(let id, let side): probe(id, side)
        case .sample: sample()
        }
    }

    func isRunning(_ machine: Int, _ process: Int) -> Bool { machines[machine].process?.number == process }

    /// Machines with a node that takes part in the mesh.
    var live: [Int] { machines.indices.filter { machines[$0].process.map { !$0.isLeaving } ?? false } }
}
