import IPAddresses
import Mesh
import Multiformats
import Timeline
import WeftTestKit

/// What is planned to happen in a simulation.
enum Event: Sendable {
    typealias Target = MeshNode<SeededGenerator>.Peering.Target

    /// A way to a peer that is being tried: one address after the other.
    struct Dial: Sendable {
        let machine: Int
        let process: Int
        let target: Target
        var addresses: ArraySlice<Multiaddr>
    }

    case step(FaultStep)
    case nodeDeadline(machine: Int, process: Int)
    case gossipDeadline(machine: Int, process: Int)
    case save(machine: Int, process: Int)
    /// The daemon's network stands.
    case networkReady(machine: Int, process: Int)
    case goodbyeSaid(machine: Int, process: Int)
    case dial(Dial)
    case upgraded(Dial, at: IPAddress, of: Int, process: Int)
    case dialEnded(machine: Int, process: Int, Target, PeerID?)
    case established(ConnectionID, Connection.Side)
    case pubsubNegotiated(ConnectionID, Connection.Side)
    case arrival(ConnectionID, from: Connection.Side, Frame)
    case reset(ConnectionID, Connection.Side)
    case retransmission(ConnectionID, Connection.Side)
    case keepAlive(ConnectionID, Connection.Side)
    case sample
}
