import Timeline

/// What the nodes of a mesh promise, in numbers; held for every seed.
package enum Promises {
    /// From the end of the last fault until all live nodes agree, on a network that loses packets and in a mesh with copied machines.
    package static let convergence: Duration = .seconds(120)
    /// From a change of addresses until all live nodes agree, on a good network.
    package static let roaming: Duration = .seconds(5)
    /// From the end of a partition until all live nodes agree and hold nobody for unreachable, on a good network.
    package static let healing: Duration = .seconds(15)
    /// How long two connected live nodes may hold one address.
    package static let addressConflict: Duration = .seconds(30)
    /// The time over which rest is measured, after `settling`.
    package static let rest: Duration = .seconds(600)
    /// From agreement until a mesh is at rest.
    package static let settling: Duration = .seconds(300)
    /// At rest, in bytes sent per node and second.
    package static let restBudget = 30.0
    /// What each ephemeral member adds to that. Its record is renewed every 100 s, and each node passes it on to the 5 others of a gossip
    /// mesh of 6, in about 600 bytes with all headers, and announces it to partners outside that mesh.
    package static let restBudgetPerEphemeral = 40.0
    /// How often in a row a node may be woken without time having passed.
    package static let idleDeadlines = 8

    /// Actions that one input may lead to, in a mesh of so many members.
    package static func actions(members: Int) -> Int { 64 + 16 * members }
}
