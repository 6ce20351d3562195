import IPAddresses
import Timeline

/// What the behaviour of peers counts for. Source: gossipsub-v1.1.md, "Overview of New Parameters", whose names are in parentheses.
///
/// A weight of zero turns its part off. The defaults are moderate; what depends on the expected traffic (`P₃`) is off.
package struct ScoreParameters: Hashable, Sendable {
    /// Peers are judged in these topics alone.
    package var topics: [Topic: TopicScoreParameters]
    /// The most that all topics together add to a score (TopicScoreCap); 0: no limit.
    package var topicCap = 0.0
    /// What the application's own score is multiplied by (AppSpecificWeight).
    package var applicationWeight = 1.0
    /// (IPColocationFactorWeight)
    package var colocationWeight = 0.0
    /// So many peers may have one address (IPColocationFactorThreshold); of IPv6 one /64, which a host has to itself.
    package var colocationThreshold = 4
    /// Addresses at which any number may be, such as those of a known gateway (IPColocationFactorWhitelist).
    package var colocationExceptions: Set<IPPrefix> = []
    /// (BehaviourPenaltyWeight)
    package var behaviourWeight = -10.0
    /// So much misbehaviour is forgiven (BehaviourPenaltyThreshold).
    package var behaviourThreshold = 0.0
    /// (BehaviourPenaltyDecay)
    package var behaviourDecay = 0.9
    /// From one multiplication of the counters with their decay factors to the next (DecayInterval).
    package var decayInterval = Duration.seconds(1)
    /// A counter below is zero (DecayToZero).
    package var decayToZero = 0.01
    /// How long the score of a peer that left is kept (RetainScore). It does not decay meanwhile.
    package var retention = Duration.seconds(3_600)

    package init(topics: [Topic: TopicScoreParameters]) {
        self.topics = topics
    }
}

/// What the behaviour of peers in one topic counts for.
package struct TopicScoreParameters: Hashable, Sendable {
    /// What the topic's share is multiplied by (TopicWeight).
    package var weight = 1.0

    /// P₁: time in the mesh (TimeInMeshWeight, TimeInMeshQuantum, TimeInMeshCap).
    package var timeInMeshWeight = 0.01
    package var timeInMeshQuantum = Duration.seconds(1)
    package var timeInMeshCap = 300.0

    /// P₂: messages that the peer delivered first (FirstMessageDeliveriesWeight …).
    package var firstDeliveriesWeight = 1.0
    package var firstDeliveriesDecay = 0.9
    package var firstDeliveriesCap = 20.0

    /// P₃: messages that a peer of the mesh should deliver, first or shortly after the first (MeshMessageDeliveriesWeight …).
    package var meshDeliveriesWeight = 0.0
    package var meshDeliveriesDecay = 0.9
    package var meshDeliveriesCap = 20.0
    package var meshDeliveriesThreshold = 5.0
    /// How long a peer is in the mesh before this counts.
    package var meshDeliveriesActivation = Duration.seconds(30)
    /// How long after the first delivery another one counts. Short, or a peer earns by sending back what we sent.
    package var meshDeliveriesWindow = Duration.milliseconds(10)

    /// P₃b: what was missing when a peer left the mesh (MeshFailurePenaltyWeight, MeshFailurePenaltyDecay).
    package var meshFailureWeight = 0.0
    package var meshFailureDecay = 0.9

    /// P₄: invalid messages (InvalidMessageDeliveriesWeight, InvalidMessageDeliveriesDecay).
    package var invalidDeliveriesWeight = -10.0
    package var invalidDeliveriesDecay = 0.99

    package init() {}
}

/// From which score on a peer gets and may what. Source: gossipsub-v1.1.md, "Score Thresholds". Zero is one more: below it a peer is in no
/// mesh.
package struct ScoreThresholds: Hashable, Sendable {
    /// Below: no gossip goes to the peer, and what it announces and asks for is passed over. Negative.
    package var gossip = -10.0
    /// Below: our own messages do not go to it. At most `gossip`.
    package var publish = -50.0
    /// Below: nothing that it sends is looked at. Less than `publish`.
    package var graylist = -80.0
    /// Below: the peers that it suggests are passed over. Zero or more.
    package var acceptPeerExchange = 0.0
    /// A mesh whose median score is below takes in better peers beyond its degree. Zero or more.
    package var opportunisticGraft = 1.0

    package init() {}
}
