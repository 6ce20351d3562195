import IPAddresses
import Multiformats
import Timeline

/// What a node knows of the mesh, and what it tells the others: a machine that is driven by inputs and the time.
///
/// Records come in by gossip and by sync, are merged into the membership, and go on by the way they came. The node's own record
/// is issued when it starts, when something about it changes, when another member turns out to have its address, and at a third
/// of its lease.
package struct ControlPlane: Sendable {
    /// The gossip topic of the mesh; a message is an `Announcement`.
    package static let gossipTopic = "weft/records/1"
    /// The protocol by which two connected nodes exchange the records that one of them lacks.
    package static let syncProtocol = "/weft/sync/1"
    /// Longest gossip message, in bytes.
    package static let maximumGossipLength = RecordLimits.maximumAnnouncementLength
    /// Longest sync message, in bytes.
    package static let maximumSyncMessageLength = 65_536

    let identity: Identity
    let settings: ControlPlaneSettings
    let opener: RecordOpener
    package internal(set) var membership: Membership
    var own: OwnState
    var sync: SyncState

    /// - Parameters:
    ///   - restored: what was saved when the node last ran.
    ///   - opener: how records that come in are opened; whoever runs many nodes can open each record once for all of them.
    package init(
        identity: Identity, settings: ControlPlaneSettings, restored: MeshSnapshot? = nil,
        opener: @escaping RecordOpener = SealedRecord.open,
        now: Instant, wallClockMillis: UInt64
    ) {
        self.identity = identity
        self.settings = settings
        self.opener = opener
        membership = Membership(ownPeer: identity.peerID, overlay: settings.overlay, limits: settings.limits.membership)
        sync = SyncState(ownPeer: identity.peerID)
        for member in restored?.forgotten ?? [] { membership.restore(member.member(now: now)) }
        var lastOwn: NodeRecord?
        for aged in restored?.records ?? [] {
            if aged.sealed.record.peer == identity.peerID {
                lastOwn = aged.sealed.record
            } else {
                _ = membership.merge(aged.sealed, age: aged.age, now: now)
            }
        }
        own = OwnState(settings: settings, last: lastOwn, wallClockMillis: wallClockMillis)
    }

    /// - Parameters:
    ///   - now: never before an earlier call's.
    ///   - wallClockMillis: milliseconds since 1970. May be wrong and may jump: it makes sequence numbers and claims, no more.
    package mutating func handle(_ input: Input, now: Instant, wallClockMillis: UInt64) -> [Action] {
        var turn = Turn(now: now, wallClockMillis: wallClockMillis)
        expireLeases(&turn)
        switch input {
        case .started: own.start(now: turn.now)
        case .peerConnected(let peer): connect(peer, &turn)
        case .peerPathsChanged(let peer): compareAnew(with: peer, &turn)
        case .peerDisconnected(let peer): disconnect(peer, turn)
        case .peerUnreachable(let peer): reportUnreachable(peer, &turn)
        case .gossip(let peer, let bytes): receiveGossip(from: peer, bytes, &turn)
        case .syncMessage(let peer, let bytes): receiveSync(from: peer, bytes, &turn)
        case .localFactsChanged(let endpoints, let peeringAddresses): own.locate(endpoints: endpoints, peeringAddresses: peeringAddresses)
        case .forget(let peer): forget(peer, &turn)
        case .stop: sayUnreachable(&turn)
        case .leave: leave(&turn)
        case .deadlineReached: break  // what is due is seen to below, whatever the input
        }
        settleOwnRecord(&turn)
        keepInSync(&turn)
        return turn.finish()
    }

    /// When `handle` wants to be called next, if nothing happens before: a lease ends, our own record is to be renewed, or a partner
    /// is to be told or asked something.
    package var nextDeadline: Instant? {
        earliest(earliest(membership.nextExpiry, own.nextDeadline), own.phase == .member ? sync.nextDeadline : nil)
    }

    private mutating func expireLeases(_ turn: inout Turn) {
        for peer in membership.expire(now: turn.now) {
            turn.report(.expired(peer))
            // It is there: the record was a copied machine's, or its later ones were lost.
            if sync.sessions[peer] != nil { sync.sessions[peer]?.comparison = turn.now }
        }
    }
}

/// One call of `handle`: its time, and what it leads to.
struct Turn {
    let now: Instant
    let wallClockMillis: UInt64
    private(set) var actions: [ControlPlane.Action] = []
    private(set) var networkChanged = false
    private var persists = false

    init(now: Instant, wallClockMillis: UInt64) {
        self.now = now
        self.wallClockMillis = wallClockMillis
    }

    mutating func act(_ action: ControlPlane.Action) { actions.append(action) }
    mutating func notice(_ notice: ControlPlane.Notice) { actions.append(.notice(notice)) }
    mutating func markPersist() { persists = true }

    mutating func markNetwork() {
        networkChanged = true
        persists = true
    }

    mutating func report(_ change: ControlPlane.MembershipChange) {
        actions.append(.membershipChanged(change))
        markNetwork()
    }

    func finish() -> [ControlPlane.Action] {
        var last: [ControlPlane.Action] = networkChanged ? [.networkChanged] : []
        if persists { last.append(.persist) }
        return actions.filter(\.isVerdict) + actions.filter { !$0.isVerdict } + last
    }
}

extension ControlPlane.Action {
    fileprivate var isVerdict: Bool {
        if case .gossipVerdict = self { true } else { false }
    }
}
