import IPAddresses
import Multiformats
import Timeline

package enum GossipSubInput: Sendable {
    /// Our outbound pubsub stream to the peer is negotiated, so we can send. Given again for a peer that is known: the stream was
    /// opened anew, the peer gets our subscriptions again.
    /// - Parameter isOutbound: we dialled the connection.
    case peerConnected(PeerID, PeerVersion, isOutbound: Bool)
    /// The peer is gone with both streams; nothing of it follows unless it comes back. Given also for one that only ever sent.
    case peerDisconnected(PeerID)
    /// One RPC frame without its length prefix. May come before `peerConnected`.
    case received(from: PeerID, [UInt8])
    /// Joins a topic. For a joined one, only changes the policy.
    case subscribe(Topic, TopicPolicy)
    case unsubscribe(Topic)
    /// Sends a message of our own; not delivered to ourselves.
    case publish(Topic, [UInt8])
    /// The application's verdict on a delivered message of a topic with external validation.
    case validated(MessageID, Verdict)
    /// What a peer says of where it listens, signed (a sealed `PeerRecord`): to be passed on by peer exchange, and ignored without it.
    case certified(PeerID, signedPeerRecord: [UInt8])
    /// Where a peer is connected from, for its score. Holds until `peerDisconnected`.
    case located(PeerID, IPAddress)
    /// The application's own opinion of a peer, for its score. Holds until `peerDisconnected`.
    case applicationScore(PeerID, Double)
    /// `nextDeadline` has passed. Harmless if it has not.
    case deadlineReached
}

package enum GossipSubAction: Hashable, Sendable {
    /// One RPC frame without length prefix. The first one to a peer carries all our subscriptions, also when there are none (the
    /// frame is empty then). Frames must not be lost singly: if one cannot be sent, reset the stream and tell `peerDisconnected`.
    case send(to: PeerID, [UInt8])
    /// A message, once. On a topic with external validation, answer with `GossipSubInput.validated`.
    case deliver(Message)
    /// Peers that another one suggests, where it has no room for us; each is who signed its record. Connect to some if more peers are
    /// wished for. Only with `GossipSubConfiguration.exchangesPeers`.
    case connect([PeerRecord])
    /// Misbehaviour of a peer, for the log and the counters; at most once for each reason and input.
    case dropped(from: PeerID, reason: DropReason)
    /// A `subscribe` or `publish` of ours was not carried out.
    case refused(Refusal)
}

/// A gossipsub v1.1 router. Source: libp2p specification, pubsub/gossipsub/gossipsub-v1.0.md and gossipsub-v1.1.md, all but explicit
/// peering agreements. Scoring and peer exchange are off unless the configuration says otherwise.
///
/// It differs from the specification in what time does: there is no fixed heartbeat. A heartbeat takes place only while it has
/// something to do (see `scheduleHeartbeat`), so a network at rest does not wake up. Where a peer can be grafted at once, it is
/// grafted at once. Scores change with time too, and are looked at only when something else happens.
///
/// Whatever it iterates over is in a fixed order, so a run can be replayed from the generator's seed.
package struct GossipSubRouter<Generator: RandomNumberGenerator & Sendable>: Sendable {
    package typealias Input = GossipSubInput
    package typealias Action = GossipSubAction

    let identity: Identity
    let configuration: GossipSubConfiguration
    var generator: Generator
    var nextSequence: UInt64

    var peers: [PeerID: PeerState] = [:]
    var topics: [Topic: JoinedTopic] = [:]
    var fanout: [Topic: Fanout] = [:]

    var seen: SeenCache
    var cache: MessageCache
    var backoffs: BackoffTable
    var promises: Promises
    var validations: PendingValidations
    /// Nil without scoring.
    var scores: ScoreBoard?
    var records: PeerRecordBook

    /// When the heartbeat is due that has work to do.
    var nextHeartbeat: Instant?
    /// When a back-off ends that keeps the mesh from being filled; only while no heartbeat is due.
    var backoffWakeUp: Instant?
    var lastHeartbeat: Instant?
    var lastOpportunisticGraft: Instant?

    // What the current input made of it; empty between inputs.
    var outbox = Outbox()
    var events: [Action] = []
    var blamed: [PeerID: Set<DropReason>] = [:]

    /// - Parameters:
    ///   - firstSequence: the sequence number of the first signed message. Must be higher than any used before under this identity;
    ///     by custom the Unix time in nanoseconds.
    package init(
        identity: Identity, configuration: GossipSubConfiguration = GossipSubConfiguration(), firstSequence: UInt64,
        generator: Generator
    ) {
        self.identity = identity
        self.configuration = configuration
        self.generator = generator
        nextSequence = firstSequence
        seen = SeenCache(ttl: configuration.seenTTL, maximumCount: configuration.maximumSeenMessages)
        cache = MessageCache(
            historyLength: configuration.historyLength, historyGossip: configuration.historyGossip,
            maximumBytes: configuration.maximumCacheBytes)
        backoffs = BackoffTable(slack: configuration.backoffSlack, maximumCount: configuration.maximumBackoffs)
        promises = Promises(maximumCount: configuration.maximumPromises)
        validations = PendingValidations(
            maximumCount: configuration.maximumPendingValidations, maximumBytes: configuration.maximumPendingValidationBytes,
            ttl: configuration.seenTTL)
        scores = configuration.scoring.map { ScoreBoard(scoring: $0, configuration) }
        records = PeerRecordBook(maximumCount: configuration.maximumPeers, maximumBytes: configuration.maximumPeerRecordBytes)
    }

    /// When to give `deadlineReached`; nil: time alone changes nothing.
    package var nextDeadline: Instant? { earliest(nextHeartbeat, backoffWakeUp) }

    /// - Parameter now: must not run backwards.
    package mutating func handle(_ input: Input, now: Instant) -> [Action] {
        switch input {
        case .peerConnected(let peer, let version, let isOutbound): connect(peer, version, isOutbound: isOutbound, now: now)
        case .peerDisconnected(let peer): disconnect(peer, now: now)
        case .received(let peer, let frame): receive(frame, from: peer, now: now)
        case .subscribe(let topic, let policy): join(topic, policy, now: now)
        case .unsubscribe(let topic): leave(topic, now: now)
        case .publish(let topic, let data): publish(topic, data, now: now)
        case .validated(let id, let verdict): settle(id, verdict, now: now)
        case .certified(let peer, let record): keep(record, of: peer)
        case .located(let peer, let address): locate(peer, address, now: now)
        case .applicationScore(let peer, let score): setApplicationScore(score, of: peer, now: now)
        case .deadlineReached:
            if let deadline = nextDeadline, deadline <= now { heartbeat(now: now) }
        }
        scheduleHeartbeat(now: now)
        return takeActions()
    }

    private mutating func takeActions() -> [Action] {
        defer {
            events = []
            blamed = [:]
        }
        return events
            + outbox.takeFrames(maximumBytes: configuration.maximumRPCBytes).map { .send(to: $0.0, $0.1) }
    }
}
