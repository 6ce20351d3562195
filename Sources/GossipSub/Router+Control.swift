import Multiformats
import Timeline

/// What peers tell us in control messages. Source: gossipsub-v1.0.md, "Control messages"; gossipsub-v1.1.md, "PRUNE Backoff".
extension GossipSubRouter {
    mutating func handleControl(_ entries: [ControlEntry], from peer: PeerID, now: Instant) {
        var announcements: [(Topic, [MessageID])] = []
        var wanted: [MessageID] = []
        for entry in entries {
            switch entry {
            case .ihave(let topic, let ids): announcements.append((topic, ids))
            case .iwant(let ids): wanted += ids
            case .graft(let topic): handleGraft(topic, from: peer, now: now)
            case .prune(let topic, let seconds): handlePrune(topic, seconds, from: peer, now: now)
            }
        }
        handleIHave(announcements, from: peer, now: now)
        handleIWant(wanted, from: peer, now: now)
    }

    /// A topic that we have not joined is ignored: an answer would tell a stranger which topics we know.
    private mutating func handleGraft(_ topic: Topic, from peer: PeerID, now: Instant) {
        guard let mesh = topics[topic]?.mesh, !mesh.contains(peer), let state = peers[peer] else { return }
        guard state.version != .floodsub, state.topics.contains(topic) else { return drop(peer, .graftWithoutSubscription) }
        if backoffs.forbidsGraft(topic, from: peer, now: now) {
            drop(peer, .graftDuringBackoff)
            prune(peer, topic, now: now)
        } else if mesh.count >= configuration.meshDegreeHigh, !state.isOutbound {
            prune(peer, topic, now: now)
        } else {
            topics[topic]?.mesh.insert(peer)
            announceRecent(topic, to: peer, now: now)
        }
    }

    private mutating func handlePrune(_ topic: Topic, _ seconds: UInt64?, from peer: PeerID, now: Instant) {
        guard topics[topic] != nil else { return }
        topics[topic]?.mesh.remove(peer)
        backoffs.extend(topic, peer, to: now + backoff(seconds), now: now)
    }

    private func backoff(_ seconds: UInt64?) -> Duration {
        guard let seconds, seconds > 0 else { return configuration.pruneBackoff }
        return min(.seconds(Int64(clamping: seconds)), configuration.maximumBackoff)
    }
}
