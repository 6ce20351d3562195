import IPAddresses
import Mesh
import Multiformats
import PeerHost
import Timeline

/// How connections begin; as `Engine.dial` and `PeerHost.dial`.
extension Simulation {
    static let limits = PeerHostLimits()
    /// As `ConnectionLimits.upgradeTimeout`.
    static let upgradeTimeout: Duration = .seconds(15)

    mutating func dial(_ target: Event.Target, _ addresses: [Multiaddr], from machine: Int) {
        guard let process = machines[machine].process?.number else { return }
        trace.note(.dialing, machine, target.peer.flatMap { owners[$0] } ?? -1, at: now)
        plan(.dial(Event.Dial(machine: machine, process: process, target: target, addresses: addresses[...])), after: .zero)
    }

    /// Tries the next address.
    mutating func attempt(_ dial: Event.Dial) {
        guard isRunning(dial.machine, dial.process) else { return }
        var rest = dial
        guard let address = rest.addresses.popFirst() else {
            return plan(.dialEnded(machine: dial.machine, process: dial.process, dial.target, nil), after: .zero)
        }
        guard let ip = address.tcpSocketAddress?.address, let host = network.machine(at: ip), machines[host].isPowered,
            isOpenBothWays(dial.machine, host)
        else {
            meters[dial.machine].count(bytes: Connection.synBytes * Connection.unansweredSYNs, frames: 0)
            return plan(.dial(rest), after: rest.addresses.isEmpty ? Self.limits.connectTimeout : Self.limits.nextAddressDelay)
        }
        meters[dial.machine].count(bytes: Connection.synBytes, frames: 0)
        let roundTrip = network.roundTrip(between: dial.machine, and: host)
        guard let process = machines[host].process?.number else { return plan(.dial(rest), after: roundTrip) }
        plan(.upgraded(rest, at: ip, of: host, process: process), after: roundTrip * Connection.upgradeRoundTrips)
    }

    func isOpenBothWays(_ one: Int, _ other: Int) -> Bool {
        network.isOpen(from: one, to: other) && network.isOpen(from: other, to: one)
    }

    /// The dialer knows who answered.
    mutating func upgraded(_ dial: Event.Dial, _ address: IPAddress, _ host: Int, _ process: Int) {
        guard isRunning(dial.machine, dial.process), let dialer = machines[dial.machine].process else { return }
        guard isRunning(host, process), let listener = machines[host].process, network.machine(at: address) == host else {
            return plan(.dial(dial), after: .zero)
        }
        guard isOpenBothWays(dial.machine, host) else { return plan(.dial(dial), after: Self.upgradeTimeout) }
        let expected = dial.target.peer
        guard listener.identity.peerID != dialer.identity.peerID else { return dialedOurselves(dial) }
        guard expected == nil || expected == listener.identity.peerID,
            listener.host.links.count < Self.limits.maximumConnections
        else { return plan(.dial(dial), after: .zero) }
        connect(dial, to: host, process, address)
        plan(.dialEnded(machine: dial.machine, process: dial.process, dial.target, listener.identity.peerID), after: .zero)
    }

    /// It has, or is a copy of, the same identity.
    private mutating func dialedOurselves(_ dial: Event.Dial) {
        guard dial.addresses.isEmpty else { return plan(.dial(dial), after: .zero) }
        post(.input(.dialedOurselves(dial.target)), to: dial.machine)
    }

    private mutating func connect(_ dial: Event.Dial, to host: Int, _ process: Int, _ address: IPAddress) {
        let id = nextConnection
        nextConnection += 1
        let there = now + network.delay(from: dial.machine, to: host)
        let dialer = Connection.End(
            machine: dial.machine, process: dial.process, address: machines[dial.machine].address, lastHeard: now,
            lastArrival: [there, there, there])
        let listener = Connection.End(
            machine: host, process: process, address: address, lastHeard: there, lastArrival: [there, there, there])
        connections[id] = Connection(dialer: dialer, listener: listener)
        for machine in [dial.machine, host] { meters[machine].count(bytes: Connection.upgradeBytes, frames: 0) }
        queue.insert(.established(id, .listener), at: there)
        established(id, .dialer)
    }

    mutating func dialEnded(_ machine: Int, _ process: Int, _ target: Event.Target, _ peer: PeerID?) {
        guard isRunning(machine, process) else { return }
        if let peer {
            trace.note(.dialed, machine, owners[peer] ?? -1, at: now)
            post(.input(.dialed(target, connectedTo: peer)), to: machine)
        } else {
            trace.note(.dialFailed, machine, target.peer.flatMap { owners[$0] } ?? -1, at: now)
            post(.input(.dialFailed(target)), to: machine)
        }
    }
}

extension Event.Target {
    /// Who must answer, if that is known.
    var peer: PeerID? {
        switch self {
        case .peer(let peer): peer
        case .host(let address): address.peerID
        }
    }
}
