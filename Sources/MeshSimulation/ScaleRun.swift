import IPAddresses
import Mesh
import Timeline

/// What it costs many nodes to become one mesh, and to tell all of one change.
package struct ScaleReport: Sendable {
    package let nodeCount: Int
    /// From the last start until all agreed; `nil` if they did not.
    package let convergence: Duration?
    /// Sent per node until all agreed.
    package let joining: TrafficPerNode
    /// Sent per node for one changed record.
    package let change: TrafficPerNode
    package let violation: Violation?
}

/// What each node has sent, on average.
package struct TrafficPerNode: Sendable {
    package let frames: Double
    package let bytes: Double
}

extension Simulation {
    /// Time for a change to be told, with all that gossip does about it afterwards.
    static let changeTime: Duration = .seconds(20)

    /// So many nodes that join within a virtual minute, on a network without faults.
    package static func scale(_ nodeCount: Int, seed: UInt64) -> Simulation {
        var scenario = Scenario(
            seed: seed, kind: .calm, machines: (0..<nodeCount).map { MachineSpecification(name: NodeName(hostname: "host-\($0)")) },
            overlay: MeshOverlay.wide)
        scenario.savesMembers = false
        for machine in 0..<nodeCount {
            scenario.plan.add(.start(machine), at: .origin + .seconds(60) * machine / max(1, nodeCount))
        }
        return Simulation(scenario)
    }

    /// Runs until all agree, lets them come to rest, and has one of them change its record.
    package mutating func runScale() -> ScaleReport {
        while !checker.isOver, checker.agreedAt == nil, step() {}
        let joining = traffic(since: nil)
        run(for: Promises.settling / 2)
        let before = meters
        carryOut(.announce(machines.count / 2))
        run(for: Self.changeTime)
        let report = report()
        return ScaleReport(
            nodeCount: machines.count, convergence: report.convergence, joining: joining, change: traffic(since: before),
            violation: checker.violation)
    }

    private mutating func run(for duration: Duration) {
        let end = now + duration
        while !checker.isOver, now < end, step() {}
    }

    private func traffic(since before: [TrafficMeter]?) -> TrafficPerNode {
        let frames = meters.indices.reduce(0) { $0 + meters[$1].frames - (before?[$1].frames ?? 0) }
        let bytes = meters.indices.reduce(0) { $0 + meters[$1].bytes - (before?[$1].bytes ?? 0) }
        let count = Double(max(1, machines.count))
        return TrafficPerNode(frames: Double(frames) / count, bytes: Double(bytes) / count)
    }
}

extension ScaleReport: CustomStringConvertible {
    package var description: String {
        let convergence = convergence.map { "\($0.inSeconds.rounded(to: 2)) s" } ?? "never"
        return "nodes=\(nodeCount) agreed_after=\(convergence) joining: frames=\(joining.frames.rounded(to: 1)) "
            + "bytes=\(joining.bytes.rounded(to: 0)) change: frames=\(change.frames.rounded(to: 1)) bytes=\(change.bytes.rounded(to: 0))"
    }
}
