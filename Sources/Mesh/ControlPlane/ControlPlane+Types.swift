import IPAddresses
import Multiformats

extension ControlPlane {
    /// What happens to the control plane.
    package enum Input: Sendable {
        /// Once, first.
        case started
        /// With the first connection to a peer.
        case peerConnected(PeerID)
        /// When messages to it, or from it, take another connection: those on their way may be lost, and it may be two machines with one
        /// identity.
        case peerPathsChanged(PeerID)
        /// With the end of the last connection to it.
        case peerDisconnected(PeerID)
        /// The connection to it broke, and it cannot be dialled.
        case peerUnreachable(PeerID)
        /// A message on `gossipTopic`. `from` is who passed it on, not who wrote it.
        case gossip(from: PeerID, [UInt8])
        /// One message of `syncProtocol`, without its length prefix.
        case syncMessage(from: PeerID, [UInt8])
        /// Where this node can be reached, the best first. Peering addresses without the peer id.
        case localFactsChanged(endpoints: [SocketAddress], peeringAddresses: [Multiaddr])
        /// A person says that a member is gone for good. Nothing happens if there is an `obstacle`.
        case forget(PeerID)
        /// The node stops, and stays a member.
        case stop
        /// The node leaves the mesh; once its actions are carried out it can stop.
        case leave
        /// `nextDeadline` has come.
        case deadlineReached
    }

    /// What the shell has to do, in this order.
    package enum Action: Hashable, Sendable {
        /// Send on `gossipTopic`.
        case publish([UInt8])
        /// What to do with the gossip message that was the input; exactly one for each, before everything else.
        case gossipVerdict(GossipVerdict)
        /// Send one message of `syncProtocol`, after those before it to the same peer. A length prefix has to be added.
        case sendSync(to: PeerID, [UInt8])
        case membershipChanged(MembershipChange)
        /// The desired network may be another one: compute it and the plan anew. At most one for each input.
        case networkChanged
        /// `snapshot` is worth saving, soon. At most one for each input.
        case persist
        case notice(Notice)
    }

    package enum GossipVerdict: Hashable, Sendable {
        /// News: pass it on.
        case accept
        /// Nothing wrong with it, but known, or not ours to judge: do not pass it on.
        case ignore
        /// No valid record: do not pass it on, and hold it against the sender.
        case reject
    }

    package enum MembershipChange: Hashable, Sendable {
        case joined(PeerID)
        /// More than a renewal.
        case changed(PeerID)
        /// It said so.
        case left(PeerID)
        /// Its lease ended.
        case expired(PeerID)
        /// It cannot be reached, and a person said that it is gone for good.
        case forgotten(PeerID)
        /// Somebody lost it and could not reach it any more. It stays a member.
        case unreachable(PeerID)
        /// After `unreachable`: it has been heard of.
        case reachable(PeerID)
    }

    /// Something that a person may want to know. Holds no secret.
    package enum Notice: Hashable, Sendable {
        /// An older claim of another member to our address. `replacement` is `nil` if no address is left.
        case addressLost(IPAddress, to: PeerID, replacement: IPAddress?)
        /// A preset address that is in no overlay range, or that no host may have. Not claimed.
        case presetAddressRefused(IPAddress)
        /// No address of the range is left for us. One is taken as soon as it gets free.
        case rangeFull(IPPrefix)
        /// Another member of the same name was first: everybody shows us under another one.
        case nameLost(NodeName, to: PeerID, shownAs: NodeName)
        /// After `nameLost`: the other one is gone.
        case nameRegained(NodeName)
        /// The mesh knew a later record of ours than we did, from before our state was lost.
        case ownRecordSuperseded(sequence: UInt64)
        /// Two machines run with the identity of this peer; it may be our own.
        case cloneDetected(PeerID)
        case recordRefused(from: PeerID, RecordRefusal)
        case syncRefused(from: PeerID, SyncRefusal)
        /// Our own record could not be made: other nodes keep the one before.
        case ownRecordNotIssued(RecordError)
    }

    package enum RecordRefusal: Hashable, Sendable {
        /// No valid record: the sender should not have passed it on.
        case invalid(RecordError)
        /// A valid record that we do not take.
        case notTaken(MergeRefusal)
    }

    /// Why a message of `syncProtocol`, or a part of it, is not acted upon.
    package enum SyncRefusal: Hashable, Sendable {
        case notConnected
        case tooManyPartners
        case tooLong(byteCount: Int)
        case malformed
        /// See `ControlPlaneLimits.maximumSyncRanges`.
        case tooManyRanges
        /// See `ControlPlaneLimits.maximumSyncWork`.
        case tooMuchWork
        /// See `ControlPlaneLimits.maximumGlitches`. Said once.
        case tooManyGlitches
    }
}
