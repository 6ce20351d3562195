import Timeline

/// The numbers of `PeeringPlanner`.
package struct PeeringConfiguration: Sendable {
    /// With fewer connections than this, whoever opened them, more are dialled.
    package var targetConnections = 4
    /// Connections that we opened and keep; with one more the oldest is given up.
    package var maximumOpened = 6
    /// With more connections than this the oldest that others opened are given up.
    package var maximumConnections = 32
    /// But not before they have stood for so long: who joins by us learns the mesh from us.
    package var minimumStay: Duration = .seconds(3)
    package var maximumInFlight = 8
    package var maximumCandidates = 20_064
    /// A failed target is tried again after this, doubled with each failure.
    package var minimumRetryDelay: Duration = .milliseconds(250)
    package var maximumRetryDelay: Duration = .seconds(120)
    /// The same for a host to join by that has not answered yet, while others are connected.
    package var maximumIntroductionDelay: Duration = .seconds(30)
    /// How long after one another all nodes of a mesh try a lost member, on average; each node waits as many times longer as there are
    /// members, within the two bounds that follow.
    package var healSpacing: Duration = .seconds(3)
    package var minimumHealInterval: Duration = .seconds(10)
    /// Also how often a member is tried of which nothing bad is known: it renews the graph.
    package var maximumHealInterval: Duration = .seconds(1200)

    package init() {}
}
