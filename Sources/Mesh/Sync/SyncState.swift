import Multiformats
import Timeline

/// All that a node remembers for the comparison with its partners, but for what it holds.
struct SyncState: Sendable {
    /// By connected peer.
    var sessions: [PeerID: SyncSession] = [:]
    /// Whose records are news that partners have not been told of yet.
    var news = PendingNews()
    /// What may still be passed on by gossip.
    var gossipAllowance = GossipAllowance()
    /// Records that were asked for.
    var requests = PendingRequests()
    /// Who was last asked to send at once all that we lack, and until when nobody else is.
    var prompted: (peer: PeerID, until: Instant)?
    /// When a random partner is compared with; `nil` without partners.
    var comparison: Instant?
    var jitter: SyncJitter

    init(ownPeer: PeerID) {
        jitter = SyncJitter(ownPeer)
    }

    /// The partners that are to be compared with, by peer id.
    func peersToCompare(at now: Instant) -> [PeerID] {
        sessions.filter { $0.value.comparison.map { $0 <= now } ?? false }.keys.sorted()
    }

    var nextDeadline: Instant? {
        let own = [comparison, news.due, requests.due] + sessions.values.map(\.comparison)
        return own.compactMap(\.self).min()
    }
}

/// News that wait a moment, so that many go in one message, and none to who has them by then.
struct PendingNews: Sendable {
    private(set) var due: Instant?
    private(set) var startedAt: Instant?
    /// Of these, partners that get gossip know.
    private(set) var gossiped: Set<PeerID> = []
    /// Of these, nobody knows by us.
    private(set) var others: Set<PeerID> = []
    /// When partners may be told again.
    private var restEnd = Instant.origin

    mutating func add(_ peer: PeerID, isGossiped: Bool, now: Instant, limits: ControlPlaneLimits) {
        if isGossiped { gossiped.insert(peer) } else { others.insert(peer) }
        startedAt = startedAt ?? now
        due = due ?? max(now + limits.offerDelay, restEnd)
    }

    /// - Parameter rest: until partners may be told again.
    /// - Returns: what waited.
    mutating func take(now: Instant, rest: Duration) -> PendingNews {
        let taken = self
        self = PendingNews()
        restEnd = now + rest
        return taken
    }
}

/// Tells single news, which go on by gossip at once, from a rush of them.
struct GossipAllowance: Sendable {
    private var startedAt = Instant.origin
    private var used = 0

    /// - Parameter interval: after which there is a new allowance.
    /// - Returns: whether one more may be passed on.
    mutating func take(_ maximum: Int, per interval: Duration, now: Instant) -> Bool {
        if now >= startedAt + interval { self = GossipAllowance(startedAt: now) }
        guard used < maximum else { return false }
        used += 1
        return true
    }
}

/// Records that partners were asked for, so that only one of them is asked at a time.
struct PendingRequests: Sendable {
    private struct Request: Sendable {
        let peer: PeerID
        let end: Instant
    }

    private var requests: [HeldVersion: Request] = [:]
    private var counts: [PeerID: Int] = [:]
    /// When the first of them has gone unanswered for too long, or a little earlier.
    private(set) var due: Instant?

    func count(to peer: PeerID) -> Int { counts[peer] ?? 0 }

    func contains(_ version: HeldVersion) -> Bool { requests[version] != nil }

    mutating func add(_ version: HeldVersion, to peer: PeerID, end: Instant) {
        guard requests[version] == nil else { return }
        requests[version] = Request(peer: peer, end: end)
        counts[peer, default: 0] += 1
        due = min(due ?? end, end)
    }

    mutating func remove(_ version: HeldVersion) {
        guard let request = requests.removeValue(forKey: version) else { return }
        counts[request.peer] = counts[request.peer].flatMap { $0 > 1 ? $0 - 1 : nil }
        if requests.isEmpty { due = nil }
    }

    /// - Returns: what had been asked of the peer, and has not come from anywhere.
    mutating func removeAll(to peer: PeerID) -> [HeldVersion] { removeAll { $0.peer == peer } }

    /// - Returns: what had been asked for and has not come in time.
    mutating func expire(now: Instant) -> [HeldVersion] { removeAll { $0.end <= now } }

    private mutating func removeAll(where isVoid: (Request) -> Bool) -> [HeldVersion] {
        let removed = requests.filter { isVoid($0.value) }.map(\.key)
        requests = requests.filter { !isVoid($0.value) }
        counts = requests.values.reduce(into: [:]) { $0[$1.peer, default: 0] += 1 }
        due = requests.values.map(\.end).min()
        return removed
    }
}

/// Spreads the comparisons of many nodes over time and over partners (SplitMix64, Steele et al. 2014). Seeded by the node's own
/// peer id: it has to differ between nodes, and may be guessed.
struct SyncJitter: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(_ peer: PeerID) {
        state = SyncKey(peer).bits
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// Between three and five quarters of the duration.
    mutating func around(_ duration: Duration) -> Duration {
        let quarter = duration.saturatedNanoseconds / 4
        return duration + .nanoseconds(Int64.random(in: -max(quarter, 0)...max(quarter, 0), using: &self))
    }
}
