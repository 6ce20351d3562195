import IPAddresses
import Multiformats
import Timeline

/// Bounds of a membership.
package struct MembershipLimits: Hashable, Sendable {
    /// Peers held at most, with the ones that have left and this node itself. A newcomer beyond that is refused; nobody is evicted.
    package var maximumMembers = 20_000
    /// Peers whose records ended, or were forgotten by a person's word, and are remembered at most; the first go first. Also of the state
    /// file.
    package var maximumForgotten = 4096

    package init() {}
}

/// Who is in the mesh: for each peer its newest valid record. The heart of Weft.
///
/// A replicated map without a master: merging records in any order, any number of times, over any way gives every node the same
/// map (for each peer the maximum by sequence number, then payload). All that follows from it, such as who owns which address,
/// is computed from the map alone, so it is the same everywhere as well.
package struct Membership: Sendable {
    /// A peer whose record is held.
    package struct Member: Sendable {
        package let sealed: SealedRecord
        /// When its owner issued the record, on the time line of this node.
        package let issuedAt: Instant
        /// What few members have, beside the others.
        private var notes: MemberNotes?

        init(sealed: SealedRecord, issuedAt: Instant, unreachableSince: Instant? = nil) {
            self.sealed = sealed
            self.issuedAt = issuedAt
            self.unreachableSince = unreachableSince
        }

        /// When this node was told that somebody lost it and could not dial it; its next record says otherwise. That it was told so is
        /// shared among nodes like the record itself.
        package internal(set) var unreachableSince: Instant? {
            get { notes?.unreachableSince }
            set { note(MemberNotes(unreachableSince: newValue, retiredEndpoints: retiredEndpoints)) }
        }
        /// Endpoints that its earlier records named and this one does not: it has left them. At most `RecordLimits.maximumEndpoints`.
        package internal(set) var retiredEndpoints: [SocketAddress] {
            get { notes?.retiredEndpoints ?? [] }
            set { note(MemberNotes(unreachableSince: unreachableSince, retiredEndpoints: newValue)) }
        }

        private mutating func note(_ new: MemberNotes) { notes = new.isEmpty ? nil : new }

        package var record: NodeRecord { sealed.record }
        package var isReportedUnreachable: Bool { unreachableSince != nil }
        package var leaseEnd: Instant { issuedAt + record.lease }
        /// Whether it takes part in the mesh; else it has left, and its record only stays so that older ones cannot bring it back.
        package var isLive: Bool { !record.hasLeft }
    }

    package let ownPeer: PeerID
    package let overlay: OverlayRanges
    package let limits: MembershipLimits

    var members: [PeerID: Member] = [:]
    /// Records that ended, as their sequence numbers: they must not come back from a node that has not noticed yet.
    var forgotten: ForgottenSequences
    /// No lease of another member ends before; it may be that none ends then.
    var earliestExpiry: Instant?
    /// Of all members, and of those whose records ended.
    var tree = SyncTree()
    var watchedAddresses = WatchedClaims<IPAddress>()
    var watchedNames = WatchedClaims<NodeName>()

    package init(ownPeer: PeerID, overlay: OverlayRanges, limits: MembershipLimits = MembershipLimits()) {
        self.ownPeer = ownPeer
        self.overlay = overlay
        self.limits = limits
        forgotten = ForgottenSequences(capacity: limits.maximumForgotten)
    }

    /// This node's own record; `nil` until it is set.
    package var own: Member? { members[ownPeer] }

    /// All peers held, with the ones that have left and this node itself.
    package var count: Int { members.count }

    package subscript(peer: PeerID) -> Member? { members[peer] }

    /// Every record held, in no order.
    package var all: some Collection<Member> { members.values }

    /// The members of the mesh, with this node itself, by peer id.
    package var live: [Member] {
        members.values.filter(\.isLive).sorted { $0.record.peer < $1.record.peer }
    }

    /// Replaces the record of this node itself. It does not expire: its owner renews it.
    package mutating func setOwn(_ sealed: SealedRecord, now: Instant) {
        guard sealed.record.peer == ownPeer else { return }
        store(Member(sealed: sealed, issuedAt: now))
    }

    mutating func store(_ member: Member) {
        let peer = member.record.peer
        let previous = members[peer]
        if let previous { removeClaims(of: previous) }
        members[peer] = member
        if let previous { members[peer]?.retireEndpoints(of: previous) }
        addClaims(of: member)
        if previous?.sealed != member.sealed { noteHeld(member) }
        if peer != ownPeer { earliestExpiry = earliest(earliestExpiry, member.leaseEnd) }
    }
}

/// What few members have; an object, so that the others need but a word for it.
private final class MemberNotes: Sendable {
    let unreachableSince: Instant?
    let retiredEndpoints: [SocketAddress]

    init(unreachableSince: Instant?, retiredEndpoints: [SocketAddress]) {
        self.unreachableSince = unreachableSince
        self.retiredEndpoints = retiredEndpoints
    }

    var isEmpty: Bool { unreachableSince == nil && retiredEndpoints.isEmpty }
}

extension Membership.Member {
    fileprivate mutating func retireEndpoints(of previous: Membership.Member) {
        let earlier = previous.record.endpoints + previous.retiredEndpoints
        retiredEndpoints = Array(earlier.filter { !record.endpoints.contains($0) }.prefix(RecordLimits.maximumEndpoints))
    }
}
