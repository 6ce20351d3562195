import Mesh
import Multiformats
import Timeline

/// How connections live and end at their owners; as `PeerHost+Links.swift`.
extension Simulation {
    // MARK: Beginnings

    mutating func established(_ id: ConnectionID, _ side: Connection.Side) {
        guard let connection = connections[id], connection[side].isOpen else { return }
        let machine = connection[side].machine
        guard isRunning(machine, connection[side].process),
            let peer = machines[connection[side.other].machine].peer(of: connection[side.other])
        else { return close(id, side, isGoodbye: false) }
        let remote = connection[side.other].address
        for stale in machines[machine].process?.host.stale(of: peer, remote, after: Self.limits.crossingDials, at: now) ?? [] {
            drop(stale, at: machine)
        }
        let isFirst = machines[machine].process?.host.establish(id, side, to: peer, remote, at: now) ?? false
        if isFirst {
            trace.note(.connected, machine, owners[peer] ?? -1, at: now)
            post(.input(.connected(peer)), to: machine)
        }
        plan(.pubsubNegotiated(id, side), after: network.roundTrip(between: machine, and: connection[side.other].machine))
        for superfluous in machines[machine].process?.host.superfluous(of: peer) ?? [] { drop(superfluous, at: machine) }
        let isElsewhere = (machines[machine].process?.host.linkOfEachAddress(of: peer).count ?? 0) > 1
        if !isFirst, isElsewhere { post(.input(.pathsChanged(peer)), to: machine) }
    }

    mutating func pubsubNegotiated(_ id: ConnectionID, _ side: Connection.Side) {
        guard let machine = connections[id]?[side].machine, connections[id]?[side].isOpen == true else { return }
        machines[machine].process?.host.setReady(id)
        useForGossip(id, at: machine)
    }

    private mutating func useForGossip(_ id: ConnectionID, at machine: Int) {
        if let input = machines[machine].process?.host.useForGossip(id) { route(input, machine) }
    }

    // MARK: Ends

    /// Closes a connection and tells whoever has to know.
    mutating func drop(_ id: ConnectionID, at machine: Int) {
        guard let side = connections[id]?.openSide(of: machine) else { return }
        close(id, side, isGoodbye: true)
        transportEnded(id, side, isGoodbye: true)
    }

    /// The owner of this end learns that the connection is over.
    mutating func transportEnded(_ id: ConnectionID, _ side: Connection.Side, isGoodbye: Bool = false) {
        guard let end = connections[id]?[side], isRunning(end.machine, end.process) else { return }
        connections[id]?[side].isOpen = false
        forgetIfOver(id)
        guard let (peer, wasLast, carriedMessages) = machines[end.machine].process?.host.remove(id) else { return }
        for other in machines[end.machine].process?.host.loseForGossip(id, of: peer) ?? [] { useForGossip(other, at: end.machine) }
        guard wasLast else {
            if carriedMessages { post(.input(.pathsChanged(peer)), to: end.machine) }
            return
        }
        machines[end.machine].process?.host.forget(peer)
        route(.peerDisconnected(peer), end.machine)
        trace.note(.disconnected, end.machine, owners[peer] ?? -1, at: now)
        post(.input(isGoodbye ? .disconnected(peer) : .lost(peer)), to: end.machine)
    }

    mutating func disconnect(_ peer: PeerID, at machine: Int) {
        for id in machines[machine].process?.host.peers[peer] ?? [] { drop(id, at: machine) }
    }

    private mutating func forgetIfOver(_ id: ConnectionID) {
        if connections[id]?.isOver == true { connections[id] = nil }
    }

    // MARK: Frames

    /// As `PeerHost.send`.
    mutating func send(_ message: [UInt8], to peer: PeerID, from machine: Int) {
        for id in machines[machine].process?.host.linkOfEachAddress(of: peer) ?? [] {
            transmit(.sync(message), on: id, from: machine)
        }
    }

    mutating func arrived(_ frame: Frame, on id: ConnectionID, from side: Connection.Side) {
        guard let receiver = connections[id]?[side.other], receiver.isOpen else { return answerDead(id, side) }
        heard(on: id, side.other)
        guard isRunning(receiver.machine, receiver.process), let peer = machines[receiver.machine].process?.host.links[id]?.peer else {
            return
        }
        switch frame {
        case .gossip(let bytes): route(.received(from: peer, bytes), receiver.machine)
        case .sync(let bytes): post(.input(.syncMessage(from: peer, bytes)), to: receiver.machine)
        case .end(let isGoodbye): transportEnded(id, side.other, isGoodbye: isGoodbye)
        }
    }
}

extension Machine {
    /// Whose end of a connection it is.
    func peer(of end: Connection.End) -> PeerID? {
        process.flatMap { $0.number == end.process ? $0.identity.peerID : nil }
    }
}
