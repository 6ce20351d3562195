import IPAddresses
import Timeline
import WireGuard

/// What a node is told about itself; it stays the same while the node runs.
package struct ControlPlaneSettings: Sendable {
    package var name: NodeName
    package var wireguardKey: WireGuardPublicKey
    package var wireguardPort: UInt16
    package var overlay: OverlayRanges
    /// Claimed first, instead of what the addressing rule gives. At most one of each family counts.
    package var presetAddresses: [IPAddress]
    /// How long other nodes keep this one while they hear nothing of it. Brought into `RecordLimits.leaseRange`.
    package var lease: Duration
    /// Name and version, for people. Cut to `RecordLimits.maximumSoftwareLength`.
    package var software: String
    package var limits: ControlPlaneLimits

    package init(
        name: NodeName, wireguardKey: WireGuardPublicKey, wireguardPort: UInt16, overlay: OverlayRanges, presetAddresses: [IPAddress] = [],
        lease: Duration = .ordinaryLease, software: String = "", limits: ControlPlaneLimits = ControlPlaneLimits()
    ) {
        self.name = name
        self.wireguardKey = wireguardKey
        self.wireguardPort = wireguardPort
        self.overlay = overlay
        self.presetAddresses = presetAddresses
        self.lease = .seconds(min(max(lease, RecordLimits.leaseRange.lowerBound), RecordLimits.leaseRange.upperBound).wholeSeconds)
        let printable = software.utf8.filter { (0x20...0x7e).contains($0) }
        self.software = String(decoding: printable.prefix(RecordLimits.maximumSoftwareLength), as: UTF8.self)
        self.limits = limits
    }
}

extension Duration {
    /// The lease of a node that is expected to come back: a week.
    package static let ordinaryLease = Duration.seconds(7 * 86_400)
    /// The lease of a node started with `--ephemeral`: five minutes.
    package static let ephemeralLease = Duration.seconds(300)
}

/// Bounds of the control plane.
package struct ControlPlaneLimits: Sendable {
    package var membership = MembershipLimits()
    /// Of one message of `/weft/sync/1`, in bytes.
    package var maximumSyncMessageLength = ControlPlane.maximumSyncMessageLength
    /// Connected peers that records are exchanged with; further ones only gossip.
    package var maximumSyncPartners = 256
    /// Broken or refused parts of a connected peer's messages that are put up with; then its sync messages are ignored until it
    /// connects anew.
    package var maximumGlitches = 16
    /// Of one sync message. Our own never have more: they are longer before.
    package var maximumSyncRanges = 2048
    /// What a peer's sync messages may cost in `syncWorkInterval`: versions and digests compared, records sent and received. Its
    /// messages beyond are refused. The default is enough for two nodes of `maximumMembers` that have nothing in common.
    package var maximumSyncWork = 100_000
    package var syncWorkInterval = Duration.seconds(60)
    /// Records that one partner is asked for at one time; for others there is another comparison, soon.
    package var maximumSyncRequests = 8192
    /// How long a partner has to send what it was asked for, before others may be.
    package var syncAnswerTime = Duration.seconds(5)
    /// Versions that each partner is known to have. When full, partners may be offered what they have.
    package var maximumKnownVersions = 1024
    /// How long only one partner is asked to send all that we lack.
    package var promptInterval = Duration.milliseconds(200)
    /// How long news are collected before partners are told of them,
    package var offerDelay = Duration.milliseconds(50)
    /// and how long while there are more and more: hundreds of nodes that start together are told of in fewer, larger messages. At least,
    package var minimumOfferInterval = Duration.milliseconds(300)
    /// for each member that is held,
    package var offerIntervalPerMember = Duration.milliseconds(6)
    /// and at most.
    package var maximumOfferInterval = Duration.seconds(2)
    /// News that a node passes on by gossip, each at once, in an `offerInterval`. Further ones it offers by sync with all others: gossip
    /// brings each to everybody two or three times, in messages of their own. Enough that a small mesh never waits.
    package var maximumGossipedNews = 8
    /// After a connection, until its two nodes compare again.
    package var followUpDelay = Duration.seconds(30)
    /// Between comparisons with a random partner, give or take a quarter.
    package var comparisonInterval = Duration.seconds(15 * 60)
    /// How long a connection may still lack gossip, which has to negotiate its mesh first. Until then news are offered by sync too.
    package var gossipWarmUp = Duration.seconds(15)
    /// The shortest time between two records that answer somebody else's record of this node: two clones would drive each other up.
    package var minimumReclaimInterval = Duration.seconds(60)
    /// The shortest time between two records that answer reports that this node cannot be reached: each costs all nodes one message.
    package var minimumRefutationInterval = Duration.seconds(10)
    /// How long a member must have been held for unreachable before it can be forgotten: longer than it may take to refute that.
    package var forgetDelay = Duration.seconds(12)
    /// How much longer for the node whose user says so: by then all others have heard that the member is unreachable.
    package var forgetMargin = Duration.seconds(3)

    package init() {}

    /// While there are news all the time, from telling partners of some to telling them of more.
    func offerInterval(members: Int) -> Duration {
        min(max(minimumOfferInterval, offerIntervalPerMember * members), maximumOfferInterval)
    }
}
