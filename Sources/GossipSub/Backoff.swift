import Multiformats
import Timeline

/// Until when two peers agreed not to graft each other. Expires when touched, so it needs no timer.
struct BackoffTable: Sendable {
    private struct Key: Hashable, Sendable {
        let topic: Topic
        let peer: PeerID
    }

    private let slack: Duration
    private let maximumCount: Int
    private var ends: [Key: Instant] = [:]

    /// - Parameter slack: how much longer than agreed we wait before we graft ourselves (the other side's clock runs on its own).
    init(slack: Duration, maximumCount: Int) {
        self.slack = slack
        self.maximumCount = maximumCount
    }

    var count: Int { ends.count }

    /// Begins or extends a back-off; never shortens one. When full, the one that ends first is forgotten.
    mutating func extend(_ topic: Topic, _ peer: PeerID, to end: Instant, now: Instant) {
        let key = Key(topic: topic, peer: peer)
        if let known = ends[key], known >= end { return }
        if ends[key] == nil, ends.count >= maximumCount { makeRoom(now: now) }
        ends[key] = end
    }

    /// Until when a GRAFT *from* the peer comes too early, if it does.
    func graftForbidden(_ topic: Topic, from peer: PeerID, now: Instant) -> Instant? {
        guard let end = ends[Key(topic: topic, peer: peer)], now < end else { return nil }
        return end
    }

    /// From when on we may graft the peer, if that is in the future.
    func graftableAt(_ topic: Topic, _ peer: PeerID, now: Instant) -> Instant? {
        guard let end = ends[Key(topic: topic, peer: peer)] else { return nil }
        return end + slack > now ? end + slack : nil
    }

    mutating func forgetExpired(now: Instant) {
        ends = ends.filter { $0.value + slack > now }
    }

    private mutating func makeRoom(now: Instant) {
        forgetExpired(now: now)
        guard ends.count >= maximumCount else { return }
        // Ties are broken by name, so that a run can be replayed.
        let first = ends.min { ($0.value, $0.key.topic, $0.key.peer) < ($1.value, $1.key.topic, $1.key.peer) }
        if let first { ends[first.key] = nil }
    }
}
