import Timeline

/// The constants of the router. Defaults are those of the specification (gossipsub-v1.0.md, "Parameters"; gossipsub-v1.1.md,
/// "Overview of New Parameters") and of go-libp2p-pubsub; what the specification leaves unbounded is bounded here.
package struct GossipSubConfiguration: Hashable, Sendable {
    // MARK: Mesh

    /// D: how many peers a topic's mesh should have.
    package var meshDegree = 6
    /// D_lo: below this many, the heartbeat grafts up to `meshDegree`.
    package var meshDegreeLow = 5
    /// D_hi: above this many, the heartbeat prunes down to `meshDegree`; from here on GRAFT is accepted from outbound peers only.
    package var meshDegreeHigh = 12
    /// D_score: of a mesh that is too large, so many are kept for their score. Without scoring all are kept at random.
    package var meshDegreeByScore = 4
    /// D_out: how many of a mesh should be connections that we opened. Below `meshDegreeLow`, at most half of `meshDegree`.
    package var meshOutboundMinimum = 2
    /// How long neither side grafts after a PRUNE.
    package var pruneBackoff = Duration.seconds(60)
    /// The same after leaving a topic.
    package var unsubscribeBackoff = Duration.seconds(10)
    /// How many heartbeats longer than agreed we wait before we graft again ourselves.
    package var backoffSlackHeartbeats = 2
    /// The longest back-off that a peer can impose.
    package var maximumBackoff = Duration.seconds(3_600)
    /// A GRAFT so soon after the PRUNE counts as misbehaviour twice.
    package var graftFloodThreshold = Duration.seconds(10)
    /// How many back-offs are remembered, over all topics and peers. When full, the one that ends first is forgotten.
    package var maximumBackoffs = 1_024

    // MARK: Heartbeat

    package var heartbeatInterval = Duration.seconds(1)
    /// From the event that gives the heartbeat work to its first beat.
    package var heartbeatInitialDelay = Duration.milliseconds(100)

    // MARK: Gossip

    /// D_lazy: how many peers outside the mesh hear of our messages in each heartbeat, at least.
    package var gossipDegree = 6
    /// The same as a share of those peers, if that is more.
    package var gossipFactor = 0.25
    /// How many heartbeats a message stays available for IWANT.
    package var historyLength = 5
    /// In how many heartbeats it is announced by IHAVE.
    package var historyGossip = 3
    /// How often one peer may ask for one message.
    package var maximumRetransmissions = 3
    /// RPCs with IHAVE from one peer in one heartbeat interval. When full, further ones are ignored.
    package var maximumIHaveMessages = 10
    /// Message ids asked of one peer in one heartbeat interval, and announced in one IHAVE.
    package var maximumIHaveIDs = 5_000
    /// Message ids of IWANT looked at from one peer in one heartbeat interval. When full, further ones are ignored.
    package var maximumIWantIDs = 5_000
    /// How long a peer has to send what it announced and was asked for.
    package var iwantFollowup = Duration.seconds(3)
    /// Announcements that are followed up at one time. When full, further ones are not.
    package var maximumPromises = 1_024

    // MARK: Scoring

    /// How peers are judged; nil: all alike.
    package var scoring: Scoring?
    /// How often a mesh of bad scores is looked at for better peers, while there is a heartbeat anyway.
    package var opportunisticGraftInterval = Duration.seconds(60)
    /// How many better peers it then takes in.
    package var opportunisticGraftPeers = 2
    /// Peers that have left and of whom something bad is remembered. When full, the one that is least bad is forgotten.
    package var maximumRetainedScores = 1_024
    /// Judged messages whose later copies count. When full, the oldest is forgotten.
    package var maximumDeliveryOutcomes = 4_096

    // MARK: Peer exchange

    /// Whether a PRUNE of ours names other peers, and those that others name go to the owner.
    package var exchangesPeers = false
    /// Peers named in one PRUNE, and taken of one peer in one heartbeat interval. When full, further ones are ignored. More than
    /// `meshDegreeHigh`, so that who is pruned can fill a mesh.
    package var maximumExchangedPeers = 16
    /// A signed peer record that is kept, passed on or taken.
    package var maximumPeerRecordBytes = 4_096
    /// Peer records in one PRUNE of ours, together. When full, further peers are not named.
    package var maximumExchangeBytes = 64 << 10

    // MARK: Publishing

    /// Whether our own messages go to all peers in the topic, and not to the mesh alone.
    package var floodsOwnMessages = false
    /// How long the peers chosen for a topic that we publish to but have not joined are kept.
    package var fanoutTTL = Duration.seconds(60)
    /// How to sign on a topic that is not joined.
    package var fanoutSigning = TopicPolicy.Signing.strictSign
    /// Topics with fanout peers. When full, the one unused for longest is forgotten.
    package var maximumFanoutTopics = 64

    // MARK: Duplicates and caches

    /// How long a message id is remembered from its first sight.
    package var seenTTL = Duration.seconds(120)
    /// Ids remembered. When full, the oldest is forgotten, so its message would be taken for new.
    package var maximumSeenMessages = 16_384
    /// Bytes of the messages kept for IWANT, with `MessageCache.entryOverhead` for each. When full, the oldest is forgotten.
    package var maximumCacheBytes = 4 << 20
    /// Messages that await a verdict. When full, further ones are dropped and not remembered as seen.
    package var maximumPendingValidations = 256
    /// The same in bytes.
    package var maximumPendingValidationBytes = 4 << 20

    // MARK: Sizes

    /// One RPC, without its length prefix. Also what ours are split to.
    package var maximumRPCBytes = 1 << 20
    /// One message with all its fields. The default leaves room for the tag and the length around it.
    package var maximumMessageBytes = (1 << 20) - 16
    package var maximumTopicBytes = 256
    package var maximumMessageIDBytes = 128

    // MARK: Counts

    /// Peers known, and peers whose records are kept. When full, further ones are ignored altogether, so let the host keep fewer connections.
    package var maximumPeers = 256
    /// Topics that we can join.
    package var maximumTopics = 64
    /// Topics of one peer. When full, further ones are ignored.
    package var maximumSubscriptionsPerPeer = 128
    /// Subscription entries looked at in one RPC.
    package var maximumSubscriptionsPerRPC = 256
    /// Messages looked at in one RPC.
    package var maximumMessagesPerRPC = 1_024
    /// IHAVE, IWANT, GRAFT and PRUNE entries looked at in one RPC.
    package var maximumControlEntriesPerRPC = 1_024

    package init() {}

    /// What `backoffSlackHeartbeats` means in time.
    var backoffSlack: Duration { heartbeatInterval * backoffSlackHeartbeats }
}
