import Multiformats
import Timeline

/// Messages of our own, and the forwarding of others'. Source: gossipsub-v1.0.md, "Message processing", "Fanout".
extension GossipSubRouter {
    mutating func publish(_ topic: Topic, _ data: [UInt8], now: Instant) {
        guard topic.bytes.count <= configuration.maximumTopicBytes else { return refuse(.topicTooLong) }
        guard data.count <= configuration.maximumMessageBytes else { return refuse(.messageTooLarge(topic)) }
        guard let message = compose(topic, data) else { return refuse(.signingFailed(topic)) }
        guard message.bytes.count <= configuration.maximumMessageBytes else { return refuse(.messageTooLarge(topic)) }
        guard !seen.contains(message.id, now: now) else { return refuse(.duplicate(topic)) }
        seen.insert(message.id, now: now)
        cache.insert(message)
        for peer in publishTargets(topic, now: now) { outbox.message(message.bytes, to: peer) }
    }

    /// Passes a message on: to the mesh and to floodsub peers, but never back to those who have it.
    mutating func forward(_ message: WireMessage, excluding senders: Set<PeerID>, now: Instant) {
        guard let mesh = topics[message.topic]?.mesh else { return }
        cache.insert(message)
        let targets = mesh.union(floodsubPeers(message.topic, now: now)).subtracting(senders)
        for peer in targets where peer != message.author && peers[peer]?.isConnected == true {
            outbox.message(message.bytes, to: peer)
        }
    }

    mutating func refuse(_ refusal: Refusal) {
        events.append(.refused(refusal))
    }

    private mutating func compose(_ topic: Topic, _ data: [UInt8]) -> WireMessage? {
        switch topics[topic]?.policy.signing ?? configuration.fanoutSigning {
        case .none: return try? MessageSigning.unsigned(topic, data)
        case .strictSign:
            defer { nextSequence &+= 1 }
            return try? MessageSigning.signed(topic, data, sequence: nextSequence, by: identity)
        }
    }

    private mutating func publishTargets(_ topic: Topic, now: Instant) -> [PeerID] {
        if configuration.floodsOwnMessages { return readers(topic, now: now).union(floodsubPeers(topic, now: now)).sorted() }
        let chosen = topics[topic].map(\.mesh) ?? refreshFanout(topic, now: now)
        let connected = chosen.filter { peers[$0]?.isConnected == true }
        return connected.union(complement(topic, connected, now: now)).union(floodsubPeers(topic, now: now)).sorted()
    }

    /// In a small mesh, our own messages go to further subscribers too, up to the mesh's degree: to those in a back-off, for
    /// instance, who would hear of them only by gossip.
    private mutating func complement(_ topic: Topic, _ chosen: Set<PeerID>, now: Instant) -> [PeerID] {
        let missing = configuration.meshDegree - chosen.count
        guard missing > 0 else { return [] }
        return Array(readers(topic, now: now).subtracting(chosen).sorted().shuffled(using: &generator).prefix(missing))
    }

    /// The peers for a topic that we have not joined, kept for a while, so that its messages take the same way.
    private mutating func refreshFanout(_ topic: Topic, now: Instant) -> Set<PeerID> {
        var entry = fanout[topic] ?? Fanout(peers: [], lastPublished: now)
        if entry.lastPublished + configuration.fanoutTTL <= now { entry.peers = [] }
        entry.peers = entry.peers.filter { isTrusted($0, now: now) }
        entry.peers.formUnion(complement(topic, entry.peers, now: now))
        entry.lastPublished = now
        if fanout[topic] == nil, fanout.count >= configuration.maximumFanoutTopics { forgetStalestFanout() }
        fanout[topic] = entry
        return entry.peers
    }

    private mutating func forgetStalestFanout() {
        let stalest = fanout.min { ($0.value.lastPublished, $0.key) < ($1.value.lastPublished, $1.key) }
        if let stalest { fanout[stalest.key] = nil }
    }

    func gossipers(_ topic: Topic) -> Set<PeerID> {
        Set(peers.lazy.filter { $0.value.isGossiper && $0.value.topics.contains(topic) }.map(\.key))
    }

    /// To whom our own messages may go.
    private func readers(_ topic: Topic, now: Instant) -> Set<PeerID> {
        gossipers(topic).filter { isTrusted($0, now: now) }
    }

    private func floodsubPeers(_ topic: Topic, now: Instant) -> Set<PeerID> {
        Set(peers.lazy.filter { $0.value.version == .floodsub && $0.value.topics.contains(topic) }.map(\.key))
            .filter { isTrusted($0, now: now) }
    }

    private func isTrusted(_ peer: PeerID, now: Instant) -> Bool { score(of: peer, now: now) >= thresholds.publish }
}
