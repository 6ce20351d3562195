import IPAddresses
import Mesh
import Multiformats
import Timeline

/// What a plan does to machines and network.
extension Simulation {
    mutating func carryOut(_ step: FaultStep) {
        note(step)
        switch step {
        case .start(let machine): start(machine)
        case .stop(let machine): stop(machine)
        case .kill(let machine): end(machine)
        case .powerOff(let machine): powerOff(machine)
        case .wipe(let machine):
            end(machine)
            machines[machine].disk = nil
        case .leave(let machine): leave(machine)
        case .clone(let original, let machine): clone(original, onto: machine)
        case .beginCut(let number, let cut):
            network.begin(cut, number: number)
            watchConnections()
        case .endCut(let number): network.end(cut: number)
        case .resetConnections(let machine): resetConnections(of: machine)
        case .setClock(let machine, let offset): machines[machine].clockOffsetMillis = offset
        case .changeAddress(let machine): changeAddress(of: machine)
        case .announce(let machine): announce(machine)
        case .setLoss(let perMille): network.profile.lossPerMille = perMille
        case .quiet: beginQuiet()
        }
    }

    private mutating func note(_ step: FaultStep) {
        if case .beginCut(let number, let cut) = step {
            let inside = cut.isInside.indices.filter { cut.isInside[$0] }
            trace.note(.fault, -1, number, at: now, "cut \(cut.isOneWay ? "what leaves" : "off") \(inside)")
        } else {
            trace.note(.fault, -1, at: now, "\(step)")
        }
    }

    private mutating func stop(_ machine: Int) {
        guard machines[machine].process?.isLeaving == false else { return }
        save(machine)
        end(machine, isGoodbye: true)
    }

    private mutating func powerOff(_ machine: Int) {
        machines[machine].isPowered = false
        end(machine)
    }

    private mutating func clone(_ original: Int, onto machine: Int) {
        guard let disk = machines[original].disk else { return }
        end(machine)
        machines[machine].disk = disk
        start(machine)
    }

    private mutating func resetConnections(of machine: Int) {
        for id in connections.keys.sorted() {
            guard let side = connections[id]?.openSide(of: machine) else { continue }
            plan(.reset(id, side), after: .zero)
            plan(.reset(id, side.other), after: .zero)
        }
    }

    /// As `Engine.lookAround`.
    private mutating func changeAddress(of machine: Int) {
        machines[machine].address = network.assignAddress(to: machine, insteadOf: machines[machine].address)
        endConnections(ofFormerAddressesOf: machine)
        watchConnections()
        guard machines[machine].process?.isLeaving == false else { return }
        let facts = machines[machine].reachability
        post(.input(.localFactsChanged(endpoints: facts.endpoints, peeringAddresses: facts.peering)), to: machine)
    }

    /// As `PeerHost.endConnections(from:)`. Nobody is told: nothing leaves from an address that is gone.
    private mutating func endConnections(ofFormerAddressesOf machine: Int) {
        for id in connections.keys.sorted() {
            guard let connection = connections[id], let side = connection.openSide(of: machine),
                connection[side].address != machines[machine].address
            else { continue }
            transportEnded(id, side)
        }
    }

    private mutating func announce(_ machine: Int) {
        let facts = machines[machine].reachability
        let another = SocketAddress(IPAddress(family: .ipv4, value: 0xc633_6401), port: Machine.wireguardPort)  // 198.51.100.1
        post(.input(.localFactsChanged(endpoints: facts.endpoints + [another], peeringAddresses: facts.peering)), to: machine)
    }

    // MARK: The end of all faults

    private mutating func beginQuiet() {
        let found = reachableByKnowledge
        let lost = live.filter { !found.contains($0) }
        for machine in lost { carryOut(.wipe(machine)) }
        for machine in lost { start(machine) }
        checker.quietSince = now
        checker.isAgreementStale = true
    }

    /// The nodes that can find the first one, or be found by it, directly or by others: one of each pair knows an address of the other.
    /// Only users could help the rest.
    private var reachableByKnowledge: Set<Int> {
        let live = self.live
        var reached: Set<Int> = Set(live.prefix(1))
        var waiting = Array(live.prefix(1))
        while let next = waiting.popLast() {
            for other in live where !reached.contains(other) && (knows(next, other) || knows(other, next)) {
                reached.insert(other)
                waiting.append(other)
            }
        }
        return reached
    }

    private func knows(_ one: Int, _ other: Int) -> Bool {
        guard let process = machines[one].process, let peer = machines[other].process?.identity.peerID, let disk = machines[one].disk
        else { return false }
        let address = machines[other].reachability.peering
        if let member = process.node.membership[peer], member.isLive, !member.record.peeringAddresses.filter(address.contains).isEmpty {
            return true
        }
        return process.node.unmetHosts.contains(where: address.contains)
            || disk.bootstrap.contains { $0.peer == peer && $0.addresses == address }
    }
}
