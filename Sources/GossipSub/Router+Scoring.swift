import IPAddresses
import Multiformats
import Timeline

/// What peers do counts, and has consequences. Source: gossipsub-v1.1.md, "Peer Scoring".
extension GossipSubRouter {
    /// Zero without scoring.
    package func score(of peer: PeerID, now: Instant) -> Double {
        scores?.value(of: peer, now: now) ?? 0
    }

    /// Without scoring, all scores are zero, and none of these holds anybody back.
    var thresholds: ScoreThresholds { configuration.scoring?.thresholds ?? ScoreThresholds() }

    /// Tells the owner, once for each reason and input, and counts it against the peer as often as it happened.
    /// - Parameter topic: of the message that was dropped, if it is one of ours.
    mutating func drop(_ peer: PeerID, _ reason: DropReason, on topic: Topic? = nil, times: Int = 1, now: Instant) {
        switch reason.offence {
        case .none: break
        case .misbehaviour: scores?.misbehaved(peer, times: times, now: now)
        case .invalidMessage: if let topic { scores?.deliveredInvalid(topic, peer, now: now) }
        }
        guard blamed[peer, default: []].insert(reason).inserted else { return }
        events.append(.dropped(from: peer, reason: reason))
    }

    mutating func locate(_ peer: PeerID, _ address: IPAddress, now: Instant) {
        scores?.begin(peer, now: now)
        scores?.setAddress(address, of: peer)
    }

    mutating func setApplicationScore(_ score: Double, of peer: PeerID, now: Instant) {
        scores?.begin(peer, now: now)
        scores?.setApplicationScore(score, of: peer)
    }

    /// Best first; those of one score stay in their order.
    func byScore(_ peers: [PeerID], now: Instant) -> [PeerID] {
        guard scores != nil else { return peers }
        return peers.enumerated().map { (peer: $1, score: score(of: $1, now: now), place: $0) }
            .sorted { ($1.score, $0.place) < ($0.score, $1.place) }.map(\.peer)
    }

    /// Takes better peers into meshes of low scores, beyond their degree. Source: gossipsub-v1.1.md, "Opportunistic Grafting".
    mutating func graftBetterPeers(now: Instant) {
        guard scores != nil, configuration.opportunisticGraftPeers > 0 else { return }
        if let last = lastOpportunisticGraft, now < last + configuration.opportunisticGraftInterval { return }
        lastOpportunisticGraft = now
        for topic in topics.keys.sorted() {
            guard let median = medianScore(topic, now: now), median < thresholds.opportunisticGraft else { continue }
            let better = graftCandidates(topic, now: now).filter { score(of: $0, now: now) > median }
            for peer in better.prefix(configuration.opportunisticGraftPeers) { graft(peer, topic, now: now) }
        }
    }

    /// Nil for a mesh of fewer than two.
    private func medianScore(_ topic: Topic, now: Instant) -> Double? {
        let values = (topics[topic]?.mesh ?? []).map { score(of: $0, now: now) }.sorted()
        return values.count > 1 ? values[values.count / 2] : nil
    }
}

extension ScoreBoard {
    init(scoring: Scoring, _ configuration: GossipSubConfiguration) {
        self.init(
            scoring: scoring, maximumRetained: configuration.maximumRetainedScores,
            outcomes: DeliveryOutcomes(ttl: configuration.seenTTL, maximumCount: configuration.maximumDeliveryOutcomes))
    }
}

/// What something bad counts as.
enum Offence: Hashable, Sendable {
    case none
    /// P₇
    case misbehaviour
    /// P₄, in the message's topic.
    case invalidMessage
}

extension DropReason {
    var offence: Offence {
        switch self {
        // Nobody makes these by mistake; and they name no topic in which they could count.
        case .rpcTooLarge, .malformedRPC, .malformedMessage, .messageTooLarge: .misbehaviour
        // Source: gossipsub-v1.1.md, "PRUNE Backoff and Peer Exchange", "Spam Protection Measures".
        case .graftDuringBackoff, .brokenPromise: .misbehaviour
        case .missingField, .unexpectedField, .invalidAuthor, .invalidSignature: .invalidMessage
        // Counts for all who sent the message, when the verdict comes.
        case .rejected: .none
        // May be from before our restart, and honestly forwarded.
        case .ownMessage: .none
        // Limits are ours; the peer need not know them.
        case .tooManyPeers, .tooManySubscriptions, .topicTooLong, .tooManyMessages, .tooManyControlEntries, .tooManyPendingValidations,
            .tooManyIHaves, .tooManyIWants, .tooManySuggestions:
            .none
        case .graylisted, .lowScore: .none
        case .graftWithoutSubscription, .invalidPeerRecord: .none
        }
    }
}
