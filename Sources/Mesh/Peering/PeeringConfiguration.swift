import Timeline

/// The numbers of `PeeringPlanner`.
package struct PeeringConfiguration: Sendable {
    /// With fewer connections than this, whoever opened them, more are dialled.
    package var targetConnections = 4
    /// Connections that we opened and keep; with one more the oldest is given up.
    package var maximumOpened = 6
    /// With more connections than the target, the oldest that we opened is given up for a newer one, once it has stood for so long. Before,
    /// it may be the only one between two parts of the mesh: everybody has to have had the time to renew one (`maximumHealInterval`).
    package var minimumTenure: Duration = .seconds(1800)
    /// With more connections than this the oldest that others opened are given up.
    package var maximumConnections = 32
    /// But not before they have stood for so long: who joins by us learns the mesh from us.
    package var minimumStay: Duration = .seconds(3)
    package var maximumInFlight = 8
    package var maximumCandidates = 20_064
    /// With more candidates than this they are not all looked at after each event, for then each new one would cost the time of all,
    package var crowd = 256
    /// but so much later for each of them: a hundredth of a processor, whatever happens.
    package var restPerCandidate: Duration = .microseconds(20)
    /// A failed target is tried again after this, doubled with each failure.
    package var minimumRetryDelay: Duration = .milliseconds(250)
    package var maximumRetryDelay: Duration = .seconds(120)
    /// Within that, how long after one another hosts and peers to join by that have not answered yet are tried, while others are connected.
    package var introductionSpacing: Duration = .seconds(30)
    /// How long after one another all nodes of a mesh try a lost member, on average; each node waits as many times longer as there are
    /// members, within the two bounds that follow.
    package var healSpacing: Duration = .seconds(3)
    /// So many times longer if nobody is lost but by this node's own dials in vain.
    package var doubtFactor = 3
    package var minimumHealInterval: Duration = .seconds(10)
    /// Also how often a member is tried of which nothing bad is known: it renews the graph.
    package var maximumHealInterval: Duration = .seconds(1200)

    package init() {}
}
