import Multiformats
import Timeline

/// What is known of the exchange with one connected peer. Its size is bounded, whatever the peer sends.
struct SyncSession: Sendable {
    let connectedAt: Instant
    /// When we open a comparison with this peer, besides those with a random one.
    var comparison: Instant?
    /// When we last told all that we hold: the peer answers that.
    var listedAt: Instant?
    /// Versions that the peer has told of, or that were sent to it: what it need not be told.
    private(set) var known: Set<HeldVersion> = []
    private(set) var glitches = 0
    private var workStartedAt: Instant
    private var work = 0

    init(connectedAt: Instant) {
        self.connectedAt = connectedAt
        workStartedAt = connectedAt
    }

    mutating func countGlitch() { glitches += 1 }

    /// When there is no room, the peer may be told what it knows.
    mutating func note(_ version: HeldVersion, limits: ControlPlaneLimits) {
        guard known.count < limits.maximumKnownVersions else { return }
        known.insert(version)
    }

    mutating func forgetKnown() { known = [] }

    /// Takes the work from what the peer may cause in an interval; `false` if it is used up.
    mutating func takeWork(_ amount: Int, now: Instant, limits: ControlPlaneLimits) -> Bool {
        if now >= workStartedAt + limits.syncWorkInterval {
            workStartedAt = now
            work = 0
        }
        guard amount <= limits.maximumSyncWork - work else { return false }
        work += amount
        return true
    }
}
