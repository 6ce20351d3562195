import Multiformats
import Timeline

// Beside the planner, not in it: types in a generic type are generic too, and looked up by name at run time.

/// Whom to dial.
package enum PeeringTarget: Hashable, Sendable {
    case peer(PeerID)
    /// A host that the user named; who it is will be seen.
    case host(Multiaddr)
}

/// What happens to a `PeeringPlanner`.
package enum PeeringInput: Sendable {
    /// A member and where it listens; replaces what was known. No addresses: it cannot be dialled.
    case member(PeerID, [Multiaddr])
    /// A peer to join by, who is no member as far as is known.
    case introduction(PeerID, [Multiaddr])
    case forget(PeerID)
    /// A host to join by.
    case join(Multiaddr)
    /// Others say of a member that it cannot be reached, or do so no more.
    case reported(PeerID, isUnreachable: Bool)
    case connected(PeerID)
    /// One side ended the connection on purpose.
    case disconnected(PeerID)
    /// The connection broke: the peer may be gone, which is found out at once.
    case lost(PeerID)
    case dialed(PeeringTarget, connectedTo: PeerID)
    case dialFailed(PeeringTarget)
    /// This node itself answered.
    case dialedOurselves(PeeringTarget)
    case deadlineReached
}

/// What a `PeeringPlanner` wants done.
package enum PeeringAction: Hashable, Sendable {
    /// Try the addresses until one answers, then tell `dialed`, else `dialFailed`.
    case dial(PeeringTarget, [Multiaddr])
    /// One connection too many stands.
    case disconnect(PeerID)
    /// A peer whose connection broke cannot be dialled either.
    case unreachable(PeerID)
}

/// What a look at all candidates has shown. A crowd is not looked at again before it has rested.
struct PeeringOverview: Sendable {
    var restsUntil: Instant = .origin
    /// Something has happened since.
    var isOutOfDate = true
    var isAnyoneWaiting = false
    /// One of those who wait: as long as he does, nobody has to look for another.
    var witness: PeeringTarget?
    /// When the first of those who wait may be dialled.
    var nextRetry: Instant?
}

/// Each way of dialling, and what became of it. As small as can be: there is one for each member.
struct PeeringCandidate: Sendable {
    var addresses: [Multiaddr]
    var notBefore: Instant
    /// Place in `order`.
    var position: Int32
    /// One after the other, up to `countedFailures`.
    var failures: UInt8 = 0
    /// Others say so.
    var isReportedUnreachable = false

    init(addresses: [Multiaddr], notBefore: Instant, position: Int) {
        self.addresses = addresses
        self.notBefore = notBefore
        self.position = Int32(position)
    }

    /// By then any delay that doubles with each failure has come to its bound.
    static let countedFailures: UInt8 = 20

    /// Nobody that we heard of has reached it lately.
    var isLost: Bool { failures > 0 || isReportedUnreachable }
}
