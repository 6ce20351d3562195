import Timeline

/// What the nodes of a mesh promise, in numbers. Generous: they must hold for every seed.
package enum Promises {
    /// From the end of the last fault until all live nodes agree.
    package static let convergence: Duration = .seconds(1800)
    /// How long two connected live nodes may hold one address.
    package static let addressConflict: Duration = .seconds(30)
    /// The time over which rest is measured, after `settling`.
    package static let rest: Duration = .seconds(600)
    /// From agreement until a mesh is at rest.
    package static let settling: Duration = .seconds(300)
    /// At rest, in bytes sent per node and second.
    package static let restBudget = 60.0
    /// What each ephemeral member, whose lease is short, adds to that.
    package static let restBudgetPerEphemeral = 60.0
    /// How often in a row a node may be woken without time having passed.
    package static let idleDeadlines = 8

    /// Actions that one input may lead to, in a mesh of so many members.
    package static func actions(members: Int) -> Int { 64 + 16 * members }
}
