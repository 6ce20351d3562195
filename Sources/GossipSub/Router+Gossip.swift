import Multiformats
import Timeline

/// IHAVE and IWANT. Source: gossipsub-v1.0.md, "Gossip"; gossipsub-v1.1.md, "Adaptive Gossip Dissemination", "Spam Protection
/// Measures".
extension GossipSubRouter {
    /// Announces the cached messages to some peers outside the mesh, or outside the fanout.
    mutating func emitGossip(now: Instant) {
        guard !cache.isEmpty else { return }
        let informed = topics.mapValues(\.mesh).merging(fanout.mapValues(\.peers)) { mesh, _ in mesh }
        for (topic, peers) in informed.sorted(by: { $0.key < $1.key }) { emitGossip(topic, outside: peers, now: now) }
    }

    private mutating func emitGossip(_ topic: Topic, outside informed: Set<PeerID>, now: Instant) {
        let ids = cache.gossipIDs(of: topic)
        guard !ids.isEmpty else { return }
        let candidates = gossipers(topic).subtracting(informed).filter { score(of: $0, now: now) >= thresholds.gossip }
            .sorted().shuffled(using: &generator)
        let share = Int(configuration.gossipFactor * Double(candidates.count))
        for peer in candidates.prefix(max(configuration.gossipDegree, share)) { announce(ids, topic, to: peer) }
    }

    /// Tells a peer that joins the mesh what it missed; it would not hear of it from us in the heartbeat any more. Once in each
    /// heartbeat interval, or a peer that comes and goes would make us talk without end.
    mutating func announceRecent(_ topic: Topic, to peer: PeerID, now: Instant) {
        renewQuota(of: peer, now: now)
        let ids = cache.gossipIDs(of: topic)
        // With nothing to tell the allowance is not used up: the message that comes next may be the one that is missed.
        guard !ids.isEmpty, peers[peer]?.quota.topicsCaughtUp.insert(topic).inserted == true else { return }
        announce(ids, topic, to: peer)
    }

    private mutating func announce(_ ids: [MessageID], _ topic: Topic, to peer: PeerID) {
        // A different selection for each peer, so that together they hear of all.
        let selected = ids.count > configuration.maximumIHaveIDs ? ids.shuffled(using: &generator) : ids
        outbox.ihave(topic, Array(selected.prefix(configuration.maximumIHaveIDs)), to: peer)
    }

    /// Asks for the announced messages that we do not know, in random order, and follows up on one of them.
    mutating func handleIHave(_ announcements: [(Topic, [MessageID])], from peer: PeerID, now: Instant) {
        guard !announcements.isEmpty, let allowance = allowanceForIHave(peer, now: now) else { return }
        let unknown = Set(announcements.filter { topics[$0.0] != nil }.flatMap { $0.1 }).filter { !seen.contains($0, now: now) }
        let wanted = unknown.sorted().shuffled(using: &generator).prefix(allowance)
        guard let followed = wanted.first else { return }
        peers[peer]?.quota.idsAsked += wanted.count
        outbox.iwant(Array(wanted), from: peer)
        promises.add(followed, by: peer, until: now + configuration.iwantFollowup)
    }

    /// How many ids the peer may make us ask for, or nil if it talks too much.
    private mutating func allowanceForIHave(_ peer: PeerID, now: Instant) -> Int? {
        renewQuota(of: peer, now: now)
        peers[peer]?.quota.ihaveMessages += 1
        guard let state = peers[peer], state.isGossiper else { return nil }
        guard score(of: peer, now: now) >= thresholds.gossip else {
            drop(peer, .lowScore, now: now)
            return nil
        }
        let left = configuration.maximumIHaveIDs - state.quota.idsAsked
        guard state.quota.ihaveMessages <= configuration.maximumIHaveMessages, left > 0 else {
            drop(peer, .tooManyIHaves, now: now)
            return nil
        }
        return left
    }

    mutating func handleIWant(_ ids: [MessageID], from peer: PeerID, now: Instant) {
        renewQuota(of: peer, now: now)
        guard !ids.isEmpty, let state = peers[peer], state.isGossiper else { return }
        guard score(of: peer, now: now) >= thresholds.gossip else { return drop(peer, .lowScore, now: now) }
        let allowed = ids.prefix(max(0, configuration.maximumIWantIDs - state.quota.idsLookedUp))
        if allowed.count < ids.count { drop(peer, .tooManyIWants, now: now) }
        peers[peer]?.quota.idsLookedUp += allowed.count
        var answered: Set<MessageID> = []
        for id in allowed where answered.insert(id).inserted {
            let bytes = cache.take(id, for: peer, maximumTransmissions: configuration.maximumRetransmissions)
            if let bytes { outbox.message(bytes, to: peer) }
        }
    }

    mutating func renewQuota(of peer: PeerID, now: Instant) {
        let interval = configuration.heartbeatInterval
        peers[peer]?.quota.renew(every: interval, now: now)
    }
}
