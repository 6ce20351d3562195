import Multiformats
import Timeline

/// Mesh upkeep. Source: gossipsub-v1.0.md, "Mesh maintenance"; gossipsub-v1.1.md, "Outbound Mesh Quotas".
extension GossipSubRouter {
    /// What a topic's mesh lacks.
    private enum Need: Hashable {
        case nothing
        case fewerPeers
        case morePeers
        case moreOutboundPeers
    }

    mutating func join(_ topic: Topic, _ policy: TopicPolicy, now: Instant) {
        if topics[topic] != nil {
            topics[topic]?.policy = policy
            return
        }
        guard topic.bytes.count <= configuration.maximumTopicBytes else { return refuse(.topicTooLong) }
        guard topics.count < configuration.maximumTopics else { return refuse(.tooManyTopics(topic)) }
        topics[topic] = JoinedTopic(policy: policy)
        tellSubscription(Subscription(topic: topic, isSubscribed: true))
        let candidates = graftCandidates(topic, now: now)
        let known = fanout.removeValue(forKey: topic)?.peers ?? []
        // Those that we published to before come first: they need not be told what they have.
        let preferred = candidates.filter { known.contains($0) } + candidates.filter { !known.contains($0) }
        for peer in preferred.prefix(configuration.meshDegree) { graft(peer, topic, now: now) }
    }

    mutating func leave(_ topic: Topic, now: Instant) {
        guard let left = topics.removeValue(forKey: topic) else { return }
        tellSubscription(Subscription(topic: topic, isSubscribed: false))
        for peer in left.mesh.sorted() {
            scores?.leftMesh(topic, peer, isPunished: false, now: now)
            sendPrune(peer, topic, backoff: configuration.unsubscribeBackoff, suggesting: true, now: now)
        }
    }

    /// Grafts a peer that just became available, if the mesh has room below its degree.
    mutating func graftIfWanted(_ peer: PeerID, _ topic: Topic, now: Instant) {
        guard let joined = topics[topic], joined.mesh.count < configuration.meshDegree,
            let state = peers[peer], isCandidate(peer, state, topic, joined.mesh, now: now),
            backoffs.graftableAt(topic, peer, now: now) == nil
        else { return }
        graft(peer, topic, now: now)
    }

    mutating func graft(_ peer: PeerID, _ topic: Topic, now: Instant) {
        enterMesh(peer, topic, now: now)
        outbox.graft(topic, peer)
        announceRecent(topic, to: peer, now: now)
    }

    mutating func enterMesh(_ peer: PeerID, _ topic: Topic, now: Instant) {
        topics[topic]?.mesh.insert(peer)
        scores?.enteredMesh(topic, peer, now: now)
    }

    mutating func leaveMesh(_ peer: PeerID, _ topic: Topic, now: Instant) {
        guard topics[topic]?.mesh.remove(peer) != nil else { return }
        scores?.leftMesh(topic, peer, isPunished: true, now: now)
    }

    /// Removes a peer from the mesh and tells it.
    /// - Parameter suggesting: it is told of others to turn to. Not where it is to blame.
    private mutating func prune(_ peer: PeerID, _ topic: Topic, suggesting: Bool, now: Instant) {
        leaveMesh(peer, topic, now: now)
        sendPrune(peer, topic, backoff: configuration.pruneBackoff, suggesting: suggesting, now: now)
    }

    mutating func refuseGraft(_ peer: PeerID, _ topic: Topic, suggesting: Bool = false, now: Instant) {
        sendPrune(peer, topic, backoff: configuration.pruneBackoff, suggesting: suggesting, now: now)
    }

    /// Begins a back-off on both sides. Version 1.0 has no field for it, nor for suggestions.
    private mutating func sendPrune(_ peer: PeerID, _ topic: Topic, backoff: Duration, suggesting: Bool, now: Instant) {
        backoffs.extend(topic, peer, to: now + backoff, now: now)
        switch peers[peer]?.version {
        case .v1_1:
            let suggestions = suggesting ? suggestions(for: peer, topic, now: now) : []
            outbox.prune(topic, peer, backoffSeconds: UInt64(clamping: backoff.wholeSeconds), suggestions: suggestions)
        case .v1_0: outbox.prune(topic, peer, backoffSeconds: nil)
        case .floodsub, nil: break
        }
    }

    /// The heartbeat's part for one topic.
    mutating func maintainMesh(_ topic: Topic, now: Instant) {
        for peer in misfits(topic, now: now) { prune(peer, topic, suggesting: false, now: now) }
        switch need(of: topic) {
        case .nothing: return
        case .fewerPeers:
            for peer in surplus(topic, now: now) { prune(peer, topic, suggesting: true, now: now) }
        case .morePeers:
            let missing = configuration.meshDegree - (topics[topic]?.mesh.count ?? 0)
            for peer in graftCandidates(topic, now: now).prefix(max(0, missing)) { graft(peer, topic, now: now) }
        case .moreOutboundPeers: break
        }
        guard need(of: topic) == .moreOutboundPeers else { return }
        let missing = configuration.meshOutboundMinimum - outboundCount(topic)
        let outbound = graftCandidates(topic, now: now).filter { peers[$0]?.isOutbound == true }
        for peer in outbound.prefix(max(0, missing)) { graft(peer, topic, now: now) }
    }

    private func need(of topic: Topic) -> Need {
        let count = topics[topic]?.mesh.count ?? 0
        if count > configuration.meshDegreeHigh { return .fewerPeers }
        if count < configuration.meshDegreeLow { return .morePeers }
        return outboundCount(topic) < configuration.meshOutboundMinimum ? .moreOutboundPeers : .nothing
    }

    private func outboundCount(_ topic: Topic) -> Int {
        (topics[topic]?.mesh ?? []).count { peers[$0]?.isOutbound == true }
    }

    /// Whom to prune for their score.
    private func misfits(_ topic: Topic, now: Instant) -> [PeerID] {
        guard scores != nil else { return [] }
        return (topics[topic]?.mesh ?? []).filter { score(of: $0, now: now) < 0 }.sorted()
    }

    /// Whom to prune from a mesh that is too large: at random, but so that the best and enough outbound peers stay.
    private mutating func surplus(_ topic: Topic, now: Instant) -> [PeerID] {
        let shuffled = (topics[topic]?.mesh ?? []).sorted().shuffled(using: &generator)
        let best = byScore(shuffled, now: now).prefix(scores == nil ? 0 : configuration.meshDegreeByScore)
        let missing = configuration.meshOutboundMinimum - best.count { peers[$0]?.isOutbound == true }
        let outbound = shuffled.filter { !best.contains($0) && peers[$0]?.isOutbound == true }.prefix(max(0, missing))
        let others = shuffled.filter { !best.contains($0) && !outbound.contains($0) }
        return Array(others.dropFirst(max(0, configuration.meshDegree - best.count - outbound.count)))
    }

    /// Whom we may graft now, in random order.
    mutating func graftCandidates(_ topic: Topic, now: Instant) -> [PeerID] {
        guard let mesh = topics[topic]?.mesh else { return [] }
        return peers.filter { isCandidate($0.key, $0.value, topic, mesh, now: now) && backoffs.graftableAt(topic, $0.key, now: now) == nil }
            .keys.sorted().shuffled(using: &generator)
    }

    private func isCandidate(_ peer: PeerID, _ state: PeerState, _ topic: Topic, _ mesh: Set<PeerID>, now: Instant) -> Bool {
        state.isGossiper && state.topics.contains(topic) && !mesh.contains(peer) && score(of: peer, now: now) >= 0
    }

    /// Whether a heartbeat would change a mesh now, or else when the end of a back-off will let it.
    func meshOutlook(now: Instant) -> MeshOutlook {
        var outlook = MeshOutlook.settled
        for (topic, joined) in topics {
            if !misfits(topic, now: now).isEmpty { return .dueNow }
            switch need(of: topic) {
            case .nothing: continue
            case .fewerPeers: return .dueNow
            case .morePeers: outlook = outlook.sooner(graftOutlook(topic, joined.mesh, onlyOutbound: false, now: now))
            case .moreOutboundPeers: outlook = outlook.sooner(graftOutlook(topic, joined.mesh, onlyOutbound: true, now: now))
            }
        }
        return outlook
    }

    private func graftOutlook(_ topic: Topic, _ mesh: Set<PeerID>, onlyOutbound: Bool, now: Instant) -> MeshOutlook {
        var outlook = MeshOutlook.settled
        for (peer, state) in peers where isCandidate(peer, state, topic, mesh, now: now) && (state.isOutbound || !onlyOutbound) {
            guard let end = backoffs.graftableAt(topic, peer, now: now) else { return .dueNow }
            outlook = outlook.sooner(.due(end))
        }
        return outlook
    }
}

/// When mesh upkeep has something to do.
enum MeshOutlook: Hashable, Sendable {
    case settled
    case due(Instant)
    case dueNow

    func sooner(_ other: MeshOutlook) -> MeshOutlook {
        switch (self, other) {
        case (.dueNow, _), (_, .dueNow): .dueNow
        case (.due(let first), .due(let second)): .due(min(first, second))
        case (.due, .settled): self
        case (.settled, _): other
        }
    }
}
