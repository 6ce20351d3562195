import Multiformats
import Timeline

/// What peers tell us in control messages. Source: gossipsub-v1.0.md, "Control messages"; gossipsub-v1.1.md, "PRUNE Backoff and Peer
/// Exchange", "Score Thresholds".
extension GossipSubRouter {
    mutating func handleControl(_ entries: [ControlEntry], from peer: PeerID, now: Instant) {
        var announcements: [(Topic, [MessageID])] = []
        var wanted: [MessageID] = []
        for entry in entries {
            switch entry {
            case .ihave(let topic, let ids): announcements.append((topic, ids))
            case .iwant(let ids): wanted += ids
            case .graft(let topic): handleGraft(topic, from: peer, now: now)
            case .prune(let topic, let seconds, let suggestions):
                handlePrune(topic, seconds, suggestions, from: peer, now: now)
            }
        }
        handleIHave(announcements, from: peer, now: now)
        handleIWant(wanted, from: peer, now: now)
    }

    /// A topic that we have not joined is ignored: an answer would tell a stranger which topics we know.
    private mutating func handleGraft(_ topic: Topic, from peer: PeerID, now: Instant) {
        guard let mesh = topics[topic]?.mesh, !mesh.contains(peer), let state = peers[peer] else { return }
        guard state.version != .floodsub, state.topics.contains(topic) else { return drop(peer, .graftWithoutSubscription, now: now) }
        if let end = backoffs.graftForbidden(topic, from: peer, now: now) {
            drop(peer, .graftDuringBackoff, times: isFlood(end, now: now) ? 2 : 1, now: now)
            refuseGraft(peer, topic, now: now)
        } else if score(of: peer, now: now) < 0 {
            drop(peer, .lowScore, now: now)
            refuseGraft(peer, topic, now: now)
        } else if mesh.count >= configuration.meshDegreeHigh, !state.isOutbound {
            refuseGraft(peer, topic, suggesting: true, now: now)
        } else {
            enterMesh(peer, topic, now: now)
            announceRecent(topic, to: peer, now: now)
        }
    }

    /// Whether it comes right after the PRUNE.
    private func isFlood(_ backoffEnd: Instant, now: Instant) -> Bool {
        now < backoffEnd - configuration.pruneBackoff + configuration.graftFloodThreshold
    }

    private mutating func handlePrune(
        _ topic: Topic, _ seconds: UInt64?, _ suggestions: [PeerSuggestion], from peer: PeerID, now: Instant
    ) {
        guard topics[topic] != nil else { return }
        leaveMesh(peer, topic, now: now)
        backoffs.extend(topic, peer, to: now + backoff(seconds), now: now)
        take(suggestions, from: peer, now: now)
    }

    private func backoff(_ seconds: UInt64?) -> Duration {
        guard let seconds, seconds > 0 else { return configuration.pruneBackoff }
        return min(.seconds(Int64(clamping: seconds)), configuration.maximumBackoff)
    }
}
