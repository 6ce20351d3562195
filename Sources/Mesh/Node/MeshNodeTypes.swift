import IPAddresses
import Multiformats

/// What happens to a `MeshNode`.
package enum MeshNodeInput: Sendable {
    /// Once, first. Makes the node's record; nothing is dialled yet.
    case started
    /// The node can be reached and can use what it learns: from now on it looks for others.
    case readyToPeer
    /// With the first connection to a peer.
    case connected(PeerID)
    /// When messages to it, or from it, take another connection; those on their way may be lost, and there may be two of it.
    case pathsChanged(PeerID)
    /// With the end of the last connection to it, on purpose.
    case disconnected(PeerID)
    /// With the end of the last connection to it, without a word.
    case lost(PeerID)
    case dialed(PeeringTarget, connectedTo: PeerID)
    case dialFailed(PeeringTarget)
    /// This node itself answered.
    case dialedOurselves(PeeringTarget)
    /// A message on `ControlPlane.gossipTopic`. `from` is who passed it on, not who wrote it.
    case gossip(from: PeerID, [UInt8])
    /// One message of `ControlPlane.syncProtocol`, without its length prefix.
    case syncMessage(from: PeerID, [UInt8])
    /// Where this node can be reached, the best first. Peering addresses without the peer id.
    case localFactsChanged(endpoints: [SocketAddress], peeringAddresses: [Multiaddr])
    /// A person says that a member is gone for good. If nobody has lost it yet, it is looked for.
    case forget(PeerID)
    /// The node stops, and stays a member.
    case stop
    /// The node leaves the mesh; once its actions are carried out it can stop.
    case leave
    /// `nextDeadline` has come.
    case deadlineReached
}

/// What a `MeshNode` wants done.
package enum MeshNodeAction: Hashable, Sendable {
    case control(ControlPlane.Action)
    case peering(PeeringAction)
}
