import IPAddresses
import Multiformats
import Timeline

/// All that a node decides, but for what its kernel should be: who is a member, what to tell whom, and whom to dial.
///
/// It puts `ControlPlane` and `PeeringPlanner` together, so that a daemon and a simulated node decide alike.
package struct MeshNode<Generator: RandomNumberGenerator & Sendable>: Sendable {
    package typealias Peering = PeeringPlanner<Generator>

    package typealias Input = MeshNodeInput
    package typealias Action = MeshNodeAction

    private var control: ControlPlane
    private var peering: Peering
    private let bootstrap: [JoinToken.Bootstrap]
    private let joinAddresses: [Multiaddr]
    /// When `deadlineReached` is to be given, if nothing happens before.
    package private(set) var nextDeadline: Instant?

    /// - Parameters:
    ///   - bootstrap: peers to join by, from the token.
    ///   - joinAddresses: hosts to join by, whoever they are.
    package init(
        control: ControlPlane, peering: Peering, bootstrap: [JoinToken.Bootstrap] = [], joinAddresses: [Multiaddr] = []
    ) {
        self.control = control
        self.peering = peering
        self.bootstrap = bootstrap
        self.joinAddresses = joinAddresses
        noteDeadline()
    }

    package var membership: Membership { control.membership }

    /// Hosts to join by that are still to answer.
    package var unmetHosts: [Multiaddr] { peering.unmetHosts }

    /// Why `Input.forget` would not be followed now; `nil` if it would.
    package func obstacle(toForgetting peer: PeerID, now: Instant) -> ForgetObstacle? { control.obstacle(toForgetting: peer, now: now) }

    package func snapshot(now: Instant) -> MeshSnapshot { control.snapshot(now: now) }

    /// - Parameters: see `ControlPlane.handle`.
    package mutating func handle(_ input: Input, now: Instant, wallClockMillis: UInt64) -> [Action] {
        var turn = NodeTurn(now: now, wallClockMillis: wallClockMillis)
        switch input {
        case .started: decide(.started, &turn)
        case .readyToPeer: startPeering(&turn)
        case .connected(let peer):
            seek(.connected(peer), &turn)
            decide(.peerConnected(peer), &turn)
        case .pathsChanged(let peer): decide(.peerPathsChanged(peer), &turn)
        case .disconnected(let peer):
            seek(.disconnected(peer), &turn)
            decide(.peerDisconnected(peer), &turn)
        case .lost(let peer):
            decide(.peerDisconnected(peer), &turn)
            seek(.lost(peer), &turn)
        case .dialed(let target, let peer): seek(.dialed(target, connectedTo: peer), &turn)
        case .dialFailed(let target): seek(.dialFailed(target), &turn)
        case .dialedOurselves(let target): seek(.dialedOurselves(target), &turn)
        case .gossip(let peer, let bytes): decide(.gossip(from: peer, bytes), &turn)
        case .syncMessage(let peer, let bytes): decide(.syncMessage(from: peer, bytes), &turn)
        case .localFactsChanged(let endpoints, let peeringAddresses):
            decide(.localFactsChanged(endpoints: endpoints, peeringAddresses: peeringAddresses), &turn)
        case .forget(let peer): forget(peer, &turn)
        case .stop: decide(.stop, &turn)
        case .leave: decide(.leave, &turn)
        case .deadlineReached:
            decide(.deadlineReached, &turn)
            seek(.deadlineReached, &turn)
        }
        noteDeadline()
        return turn.actions
    }

    private mutating func noteDeadline() { nextDeadline = earliest(control.nextDeadline, peering.nextDeadline) }

    private struct NodeTurn {
        let now: Instant
        let wallClockMillis: UInt64
        var actions: [Action] = []
    }

    private mutating func decide(_ input: ControlPlane.Input, _ turn: inout NodeTurn) {
        for action in control.handle(input, now: turn.now, wallClockMillis: turn.wallClockMillis) {
            turn.actions.append(.control(action))
            if case .membershipChanged(let change) = action { follow(change, &turn) }
        }
    }

    private mutating func seek(_ input: Peering.Input, _ turn: inout NodeTurn) {
        for action in peering.handle(input, now: turn.now) {
            turn.actions.append(.peering(action))
            if case .unreachable(let peer) = action { decide(.peerUnreachable(peer), &turn) }
        }
    }

    private mutating func startPeering(_ turn: inout NodeTurn) {
        let own = membership.ownPeer
        for member in membership.live where member.record.peer != own { note(member.record, &turn) }
        for other in bootstrap where other.peer != own && membership[other.peer] == nil {
            seek(.introduction(other.peer, tokenAddresses(of: other.peer)), &turn)
        }
        for address in joinAddresses { seek(.join(address), &turn) }
    }

    private mutating func forget(_ peer: PeerID, _ turn: inout NodeTurn) {
        let obstacle = control.obstacle(toForgetting: peer, now: turn.now)
        decide(.forget(peer), &turn)
        if obstacle == .notUnreachable { seek(.lost(peer), &turn) }
    }

    private mutating func follow(_ change: ControlPlane.MembershipChange, _ turn: inout NodeTurn) {
        switch change {
        case .joined(let peer), .changed(let peer):
            if let record = membership[peer]?.record { note(record, &turn) }
        case .left(let peer), .forgotten(let peer): seek(.forget(peer), &turn)
        case .expired(let peer):
            seek(.forget(peer), &turn)
            let addresses = tokenAddresses(of: peer)
            if !addresses.isEmpty { seek(.introduction(peer, addresses), &turn) }
        case .unreachable(let peer): seek(.reported(peer, isUnreachable: true), &turn)
        case .reachable(let peer): seek(.reported(peer, isUnreachable: false), &turn)
        }
    }

    /// What the token says of a member stays true when the member's record is a copied machine's that is gone: it is tried last.
    private mutating func note(_ record: NodeRecord, _ turn: inout NodeTurn) {
        let told = record.peeringAddresses
        let others = told.isEmpty ? [] : tokenAddresses(of: record.peer).filter { !told.contains($0) }
        seek(.member(record.peer, others.isEmpty ? told : told + others), &turn)
    }

    private func tokenAddresses(of peer: PeerID) -> [Multiaddr] { bootstrap.filter { $0.peer == peer }.flatMap(\.addresses) }
}

extension ControlPlane.MembershipChange {
    /// Whom it is about.
    package var peer: PeerID {
        switch self {
        case .joined(let peer), .changed(let peer), .left(let peer), .expired(let peer), .forgotten(let peer), .unreachable(let peer),
            .reachable(let peer):
            peer
        }
    }
}
