import IPAddresses
import Mesh
import Timeline

/// What a machine is from the start.
package struct MachineSpecification: Sendable {
    package var name: NodeName
    package var isEphemeral = false
    package var clockOffsetMillis: Int64 = 0
    /// Joins by the address of a member whom it does not know, not by a token.
    package var joinsByHost = false
}

/// All that a simulation is made from; itself made from a seed.
package struct Scenario: Sendable {
    /// What it is mostly about.
    package enum Kind: String, CaseIterable, Sendable {
        case calm, partition, oneWay, crashes, churn, clocks, roaming, collisions, clones, mixed
    }

    package var seed: UInt64
    package var kind: Kind
    package var machines: [MachineSpecification]
    package var overlay: OverlayRanges
    package var network = NetworkProfile()
    package var plan = FaultPlan()
    /// How long after the last fault the nodes may take to agree.
    package var convergenceLimit = Promises.convergence
    /// Whether processes write what they know to their machines' disks, as daemons do; in vain where none starts again.
    package var savesMembers = true
    /// How long traffic is measured once they agree.
    package var rest = Promises.rest
}

extension Scenario {
    /// Two halves that cannot reach each other for so long, on a good network.
    package static func halves(of count: Int, apartFor duration: Duration, seed: UInt64) -> Scenario {
        let machines = (0..<count).map { MachineSpecification(name: NodeName(hostname: "host-\($0)")) }
        var scenario = Scenario(seed: seed, kind: .partition, machines: machines, overlay: MeshOverlay.ordinary)
        for machine in machines.indices { scenario.plan.add(.start(machine), at: .origin) }
        let begin = Instant.origin + .seconds(60)
        scenario.plan.add(.beginCut(0, Cut(isInside: machines.indices.map { $0 < count / 2 }, isOneWay: false)), at: begin)
        scenario.plan.add(.endCut(0), at: begin + duration)
        scenario.convergenceLimit = Promises.healing
        return scenario
    }
}
