import IPAddresses
import Multiformats
import Timeline

/// What a node says of itself, and when it has to say it again.
struct OwnState: Sendable {
    enum Phase: Sendable {
        /// Nothing is said yet. Becomes `member`.
        case silent
        /// The record is kept up. Becomes `gone`.
        case member
        /// The last word was that the node leaves.
        case gone
    }

    var phase = Phase.silent
    /// When this run of the node became a member.
    private(set) var startedAt: Instant?
    /// At least this high was the sequence number of a record of ours that somebody knows.
    var sequenceFloor: UInt64 = 0
    var nameClaimedAtMillis: UInt64
    /// What is claimed in each family.
    var claims: [IPAddress.Family: AddressClaim]
    var endpoints: [SocketAddress] = []
    var peeringAddresses: [Multiaddr] = []
    /// When the record is to be renewed; `nil` before the first one and after the last.
    var renewal: Instant?
    /// When a record is due that outdoes somebody else's record of this node.
    var reclaim: Instant?
    /// The last such record.
    var lastReclaim: Instant?
    /// When a record is due that refutes that this node cannot be reached.
    var refutation: Instant?
    /// The last such record.
    private var lastRefutation: Instant?
    /// Families of which the range is full, and that this was said of.
    var fullFamilies: Set<IPAddress.Family> = []
    /// Whom the name was lost to, if that was said.
    var nameLostTo: PeerID?

    /// Goes on with the claims of the last record before this start, as far as they still fit the settings.
    init(settings: ControlPlaneSettings, last: NodeRecord?, wallClockMillis: UInt64) {
        sequenceFloor = last?.sequence ?? 0
        let continued = last.flatMap { $0.hasLeft || $0.name != settings.name ? nil : $0 }
        nameClaimedAtMillis = continued?.nameClaimedAtMillis ?? wallClockMillis
        let usable = continued?.addresses.filter { settings.overlay.isUsable($0.address) } ?? []
        claims = Dictionary(usable.map { ($0.address.family, $0) }, uniquingKeysWith: { first, _ in first })
        for preset in settings.presetAddresses.reversed() {
            guard settings.overlay.isUsable(preset), claims[preset.family]?.address != preset else { continue }
            claims[preset.family] = AddressClaim(address: preset, claimedAtMillis: wallClockMillis)
        }
    }

    var nextDeadline: Instant? { earliest(earliest(renewal, reclaim), refutation) }

    mutating func start(now: Instant) {
        phase = .member
        startedAt = now
    }

    /// At once the first time, and then as often as a false report may make this node speak.
    mutating func refute(_ limits: ControlPlaneLimits, now: Instant) {
        guard phase == .member, refutation == nil else { return }
        refutation = max(now, lastRefutation.map { $0 + limits.minimumRefutationInterval } ?? now)
    }

    mutating func endRefutation(now: Instant) {
        guard let due = refutation, due <= now else { return }
        refutation = nil
        lastRefutation = now
    }

    /// Keeps what other nodes could use, and as much as a record holds.
    mutating func locate(endpoints: [SocketAddress], peeringAddresses: [Multiaddr]) {
        let plausible = endpoints.map { SocketAddress($0.address.unmapped, port: $0.port) }.filter(\.isPlausibleEndpoint)
        self.endpoints = Array(plausible.prefix(RecordLimits.maximumEndpoints))
        self.peeringAddresses = Array(peeringAddresses.map(\.withoutPeerID).prefix(RecordLimits.maximumPeeringAddresses))
    }
}
