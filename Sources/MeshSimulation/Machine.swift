import GossipSub
import IPAddresses
import Mesh
import Multiformats
import Timeline
import WeftTestKit
import WireGuard

/// What is on a machine's disk.
struct Disk: Sendable {
    let identity: Identity
    let wireguardKey: WireGuardPublicKey
    let bootstrap: [JoinToken.Bootstrap]
    let joinAddresses: [Multiaddr]
    /// What the daemon writes a second after a change, with the wall clock of then in seconds. In bytes only once it is read: most is
    /// written again before.
    var members: (snapshot: MeshSnapshot, savedAtSeconds: Int64)?
}

/// What happens to a node; as `Engine.Event`.
enum NodeEvent: Sendable {
    case input(MeshNode<SeededGenerator>.Input)
    case gossip(Message)
}

/// A machine: disk and clock, which outlive its processes, and the node that runs on it, if one does.
struct Machine {
    let specification: MachineSpecification
    var address: IPAddress
    /// What the wall clock is ahead, in milliseconds; negative if it is behind.
    var clockOffsetMillis: Int64
    var isPowered = true
    var disk: Disk?
    var process: NodeProcess?
    /// How many processes there have been.
    var processCount = 0

    /// Milliseconds since 1970, as this machine believes.
    func wallClockMillis(at now: Instant) -> UInt64 {
        UInt64(max(0, Self.epochMillis + now.nanoseconds / 1_000_000 + clockOffsetMillis))
    }

    /// The true time at the origin of a simulation: in 2027.
    static let epochMillis: Int64 = 1_800_000_000_000
    static let peeringPort: UInt16 = 10043
    static let wireguardPort: UInt16 = 10042

    /// Where the node says that it can be reached.
    var reachability: (endpoints: [SocketAddress], peering: [Multiaddr]) {
        (
            [SocketAddress(address, port: Self.wireguardPort)],
            [Multiaddr(tcp: SocketAddress(address, port: Self.peeringPort))]
        )
    }
}

/// A running node; what `Engine` and `PeerHost` hold. An object, so that looking at it copies nothing.
final class NodeProcess {
    /// Which of the machine's processes it is.
    let number: Int
    let identity: Identity
    var node: MeshNode<SeededGenerator>
    var host: SimulatedHost
    var inbox: [NodeEvent] = []
    var isProcessing = false
    /// Says good-bye and ends soon.
    var isLeaving = false
    /// The soonest timer that is set for each; a later deadline needs no other.
    var nodeTimer: Instant?
    var gossipTimer: Instant?
    var saveAt: Instant?
    var ownSequence: UInt64 = 0
    var idleDeadlines = 0
    /// It was seen to know all live nodes and to hold none for lost, and has learnt nothing since.
    var agreement: Agreement?

    struct Agreement {
        /// `InvariantChecker.lives` at that time.
        var lives: Int
        /// Of what it held.
        var digest: UInt64
    }

    init(number: Int, identity: Identity, node: MeshNode<SeededGenerator>, host: SimulatedHost) {
        self.number = number
        self.identity = identity
        self.node = node
        self.host = host
    }
}
