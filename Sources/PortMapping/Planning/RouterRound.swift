import IPAddresses
import Timeline

/// Something asked by a datagram, until it is answered.
enum DatagramQuestion: Hashable, Sendable {
    case pcpMap(LocalPort)
    case pcpRemoval(LocalPort)
    case natPMPAddress
    case natPMPMap(LocalPort)
    case natPMPRemoval(LocalPort)

    var way: MappingWay {
        switch self {
        case .pcpMap, .pcpRemoval: .pcp
        case .natPMPAddress, .natPMPMap, .natPMPRemoval: .natPMP
        }
    }

    var isRemoval: Bool {
        switch self {
        case .pcpRemoval, .natPMPRemoval: true
        case .pcpMap, .natPMPAddress, .natPMPMap: false
        }
    }
}

/// One effort to have all ports of a router mapped for another lifetime, from the first packet to the last answer.
struct RouterRound: Sendable {
    /// How far it has come with UPnP.
    enum UPnP: Sendable {
        /// Not begun. Becomes `searching`, or `askingAddress` for a connection known from before.
        case idle
        /// Waits for devices to say where their descriptions are. Becomes `describing`, or `failed`.
        case searching(round: Int, next: Instant)
        /// Reads a description; others are known. Becomes `askingAddress`, `describing` for the next one, or `failed`.
        case describing(DeviceURL, others: [DeviceURL])
        /// Asks a connection for its address, and if it has none, the next one. Becomes `adding`, or `failed`.
        case askingAddress([WANConnection])
        /// Maps one port after the other. Becomes `done`, or `failed` if there is none.
        case adding(Adding)
        case done
        case failed
    }

    /// How a UPnP router is asked for one port.
    struct Adding: Sendable {
        let connection: WANConnection
        /// Of the router, as the world sees it.
        let address: IPAddress
        let port: LocalPort
        /// To be asked for after this one.
        let others: [LocalPort]
        /// External ports: what is asked for, then what is tried if others have that. Never empty.
        var candidates: [UInt16]
        /// 0: until it is removed.
        var leaseSeconds: UInt32

        var external: UInt16 { candidates.first ?? port.number }
    }

    let startedAt: Instant
    /// Not answered yet, in the order in which they were asked.
    var questions: [DatagramQuestion] = []
    /// How often they have been sent, and when they are sent again.
    var sendings = 0
    var nextSending: Instant?
    /// Whether the router is asked by all protocols, rather than by the one that it answered before.
    var isProbing = false
    /// Protocols that are of no use in this round: no answer, or a refusal.
    var ruledOut: Set<MappingWay>
    /// What was answered to a NAT-PMP probe.
    var natPMPAddress: IPAddress?
    var upnp = UPnP.idle
    var upnpRequests = 0
    var refusal: PortMappingNote?

    init(startedAt: Instant, ruledOut: Set<MappingWay>) {
        self.startedAt = startedAt
        self.ruledOut = ruledOut
    }

    /// The first pause is over, and the router has not answered for so long.
    var isOverdue: Bool { sendings > 1 }
}

/// A mapping that a router has made.
struct HeldPort: Hashable, Sendable {
    let way: MappingWay
    let external: SocketAddress
    /// `nil`: for ever.
    let lifetimeSeconds: UInt32?
    let mappedAt: Instant

    var expiresAt: Instant? { lifetimeSeconds.map { mappedAt + .seconds(Int64($0)) } }
}
