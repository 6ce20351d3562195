import IPAddresses
import PeerHost
import Timeline

/// Numbers the connections of a simulation.
typealias ConnectionID = Int

/// What a connection carries.
enum Frame: Sendable {
    /// One RPC of publish-subscribe.
    case gossip([UInt8])
    /// One message of `/weft/sync/1`.
    case sync([UInt8])
    /// The sender has closed; on purpose, if it says good-bye.
    case end(isGoodbye: Bool)

    var byteCount: Int {
        switch self {
        case .gossip(let bytes), .sync(let bytes): bytes.count
        case .end: 0
        }
    }
}

/// A TCP connection with its streams, between two machines. What gets lost arrives later, or the connection breaks.
/// An object, so that looking at it copies nothing.
final class Connection {
    /// Which end.
    enum Side: Int, Sendable {
        case dialer = 0
        case listener = 1

        var other: Side { self == .dialer ? .listener : .dialer }
    }

    /// One end, with what is on its way from there to the other.
    struct End: Sendable {
        let machine: Int
        /// Of the machine's processes, the one that has the connection.
        let process: Int
        /// The machine's own address when the connection was made.
        let address: IPAddress
        var isOpen = true
        /// When the other end was last known to be there.
        var lastHeard: Instant
        /// Probes of the kernel without an answer.
        var failedProbes = 0
        var isProbing = false
        /// Since when something that was sent has not been acknowledged.
        var unacknowledgedSince: Instant?
        var retransmissionDelay = Connection.firstRetransmission
        /// What could not be sent yet, in order.
        var held: [Frame] = []
        /// When the last frame of each stream arrives: what is sent later comes later.
        var lastArrival: [Instant]
        /// The first message of a sync stream waits until both sides have agreed on the protocol.
        var hasSyncStream = false
    }

    /// Linux: 200 ms, doubled up to two minutes, until `TCP_USER_TIMEOUT`.
    static let firstRetransmission: Duration = .milliseconds(200)
    static let slowestRetransmission: Duration = .seconds(120)
    /// A frame's share of yamux, Noise, TCP and IP headers, in bytes.
    static let frameOverhead = 12 + 18 + 52
    /// A TCP segment that begins a connection, with its options and all headers.
    static let synBytes = 74
    /// How many of them Linux sends within `PeerHostLimits.connectTimeout` while nobody answers: at once, and after 1, 3 and 7 s.
    static let unansweredSYNs = 4
    /// What the upgrade and the streams' negotiation take, in bytes each way.
    static let upgradeBytes = 2000
    /// Round trips until both know each other: TCP, private network, multistream, Noise, yamux.
    static let upgradeRoundTrips = 4

    var ends: [End]

    init(dialer: End, listener: End) {
        ends = [dialer, listener]
    }

    subscript(side: Side) -> End {
        _read { yield ends[side.rawValue] }
        _modify { yield &ends[side.rawValue] }
    }

    /// The end that the process of the machine has.
    func side(of machine: Int) -> Side { self[.dialer].machine == machine ? .dialer : .listener }

    var isOver: Bool { !ends[0].isOpen && !ends[1].isOpen }
}

extension Frame {
    /// Streams of one connection keep their own order, and may overtake each other.
    var stream: Int {
        switch self {
        case .gossip: 0
        case .sync: 1
        case .end: 2
        }
    }
}
