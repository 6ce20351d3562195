import Multiformats
import Timeline

/// Peers that come and go, and what they subscribe to.
extension GossipSubRouter {
    mutating func connect(_ peer: PeerID, _ version: PeerVersion, isOutbound: Bool, now: Instant) {
        guard admit(peer, now: now) else { return }
        peers[peer]?.version = version
        peers[peer]?.isOutbound = isOutbound
        greet(peer)
        for topic in topics.keys.sorted() {
            if topics[topic]?.mesh.contains(peer) == true, peers[peer]?.isGossiper == true {
                // It reopened its stream or grafted us before we could speak: make sure that both sides agree.
                outbox.graft(topic, peer)
                announceRecent(topic, to: peer, now: now)
            } else {
                leaveMesh(peer, topic, now: now)
                graftIfWanted(peer, topic, now: now)
            }
        }
    }

    mutating func disconnect(_ peer: PeerID, now: Instant) {
        records.forget(peer)
        scores?.end(peer, now: now)
        guard peers.removeValue(forKey: peer) != nil else { return }
        for topic in topics.keys { topics[topic]?.mesh.remove(peer) }
        for topic in fanout.keys { fanout[topic]?.peers.remove(peer) }
        promises.forget(peer)
    }

    /// Makes a place for a peer; false if there is none.
    mutating func admit(_ peer: PeerID, now: Instant) -> Bool {
        guard peers[peer] == nil else { return true }
        guard peers.count < configuration.maximumPeers, peer != identity.peerID else {
            drop(peer, .tooManyPeers, now: now)
            return false
        }
        peers[peer] = PeerState()
        scores?.begin(peer, now: now)
        return true
    }

    private mutating func greet(_ peer: PeerID) {
        outbox.hello(peer)
        for topic in topics.keys.sorted() { outbox.subscription(Subscription(topic: topic, isSubscribed: true), to: peer) }
    }

    /// Tells everybody about one of our subscriptions.
    mutating func tellSubscription(_ subscription: Subscription) {
        for (peer, state) in peers where state.isConnected { outbox.subscription(subscription, to: peer) }
    }

    /// Returns the topics that are new.
    mutating func note(_ subscriptions: [Subscription], of peer: PeerID, now: Instant) -> [Topic] {
        var added: [Topic] = []
        for subscription in subscriptions {
            if subscription.isSubscribed {
                if add(subscription.topic, to: peer, now: now) { added.append(subscription.topic) }
            } else {
                remove(subscription.topic, from: peer, now: now)
            }
        }
        return added
    }

    private mutating func add(_ topic: Topic, to peer: PeerID, now: Instant) -> Bool {
        guard let known = peers[peer]?.topics, !known.contains(topic) else { return false }
        guard known.count < configuration.maximumSubscriptionsPerPeer else {
            drop(peer, .tooManySubscriptions, now: now)
            return false
        }
        peers[peer]?.topics.insert(topic)
        return true
    }

    private mutating func remove(_ topic: Topic, from peer: PeerID, now: Instant) {
        peers[peer]?.topics.remove(topic)
        leaveMesh(peer, topic, now: now)
        fanout[topic]?.peers.remove(peer)
    }
}
