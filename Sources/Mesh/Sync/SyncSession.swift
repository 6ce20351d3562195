import Multiformats
import Timeline

/// What is known of the exchange with one connected peer. Its size is bounded by our own membership, whatever the peer sends.
struct SyncSession: Sendable {
    let connectedAt: Instant
    /// Peers of which we hold a record and that the peer's list, as far as it has come, names.
    private(set) var named: Set<PeerID> = []
    /// Entries of the list so far.
    private(set) var entryCount = 0
    /// When the last list was answered.
    private(set) var answeredAt: Instant?
    private(set) var glitches = 0

    init(connectedAt: Instant) {
        self.connectedAt = connectedAt
    }

    mutating func countEntry() { entryCount += 1 }
    mutating func name(_ peer: PeerID) { named.insert(peer) }
    mutating func countGlitch() { glitches += 1 }

    mutating func endList(answeredAt instant: Instant) {
        named = []
        entryCount = 0
        answeredAt = instant
    }
}
