import GossipSub
import Mesh
import Multiformats
import Timeline
import WeftTestKit

/// The interpreter of a node's decisions; as the daemon's `Engine`.
extension Simulation {
    typealias Node = MeshNode<SeededGenerator>

    /// As `Engine.saveDelay`.
    static let saveDelay: Duration = .seconds(1)

    // MARK: The inbox

    /// As `Engine.post`.
    mutating func post(_ event: NodeEvent, to machine: Int) {
        machines[machine].process?.inbox.append(event)
        guard machines[machine].process?.isProcessing == false else { return }
        machines[machine].process?.isProcessing = true
        while let events = machines[machine].process?.inbox, !events.isEmpty {
            machines[machine].process?.inbox = []
            for event in events { process(event, at: machine) }
        }
        machines[machine].process?.isProcessing = false
        setTimer(of: machine)
    }

    private mutating func process(_ event: NodeEvent, at machine: Int) {
        switch event {
        case .input(let input):
            for action in decisions(input, machine) { carryOut(action, machine) }
        case .gossip(let message):
            for action in decisions(.gossip(from: message.receivedFrom, message.data), machine) {
                if case .control(.gossipVerdict(let verdict)) = action {
                    route(.validated(message.id, Verdict(verdict)), machine)
                } else {
                    carryOut(action, machine)
                }
            }
        }
    }

    private mutating func decisions(_ input: Node.Input, _ machine: Int) -> [Node.Action] {
        let wallClock = machines[machine].wallClockMillis(at: now)
        let actions = machines[machine].process?.node.handle(input, now: now, wallClockMillis: wallClock) ?? []
        checkTurn(of: machine, actions)
        return actions
    }

    private mutating func carryOut(_ action: Node.Action, _ machine: Int) {
        switch action {
        case .control(let action): carryOut(action, machine)
        case .peering(.dial(let target, let addresses)): dial(target, addresses, from: machine)
        case .peering(.disconnect(let peer)): disconnect(peer, at: machine)
        case .peering(.unreachable): break  // for the control plane, which has been told
        }
    }

    private mutating func carryOut(_ action: ControlPlane.Action, _ machine: Int) {
        switch action {
        case .publish(let data):
            trace.note(.published, machine, at: now)
            route(.publish(SimulatedHost.recordsTopic, data), machine)
        case .sendSync(let peer, let message): send(message, to: peer, from: machine)
        case .membershipChanged(let change): follow(change, machine)
        case .persist: scheduleSave(of: machine)
        case .notice(let notice): trace.note(.notice, machine, at: now, "\(notice)")
        case .gossipVerdict, .networkChanged: break
        }
    }

    private mutating func follow(_ change: ControlPlane.MembershipChange, _ machine: Int) {
        let kind: Trace.Kind =
            switch change {
            case .joined: .joined
            case .changed: .changed
            case .left: .left
            case .expired: .expired
            case .forgotten: .forgotten
            case .unreachable: .unreachable
            case .reachable: .reachable
            }
        trace.note(kind, machine, owners[change.peer] ?? -1, at: now)
        noteNews(at: machine)
        check(change, at: machine)
    }

    private mutating func noteNews(at machine: Int) {
        checker.isAgreementStale = true
        machines[machine].process?.agreement = nil
    }

    // MARK: The router

    /// As `PeerHost.route`.
    mutating func route(_ input: GossipSubInput, _ machine: Int) {
        for action in machines[machine].process?.host.router.handle(input, now: now) ?? [] {
            switch action {
            case .send(let peer, let frame):
                if let id = machines[machine].process?.host.gossipLinks[peer] { transmit(.gossip(frame), on: id, from: machine) }
            case .deliver(let message): post(.gossip(message), to: machine)
            case .connect: break  // as with the daemon, the planner alone chooses whom to dial
            case .dropped(let peer, let reason): trace.note(.notice, machine, owners[peer] ?? -1, at: now, "gossip dropped: \(reason)")
            case .refused(let refusal): trace.note(.notice, machine, at: now, "not published: \(refusal)")
            }
        }
        setGossipTimer(of: machine)
    }

    // MARK: Timers

    private mutating func setTimer(of machine: Int) {
        guard let process = machines[machine].process, let deadline = process.node.nextDeadline else { return }
        if let timer = process.nodeTimer, timer <= deadline { return }
        machines[machine].process?.nodeTimer = max(deadline, now)
        queue.insert(.nodeDeadline(machine: machine, process: process.number), at: max(deadline, now))
    }

    mutating func nodeDeadlineReached(_ machine: Int, _ process: Int) {
        guard isRunning(machine, process), machines[machine].process?.nodeTimer.map({ $0 <= now }) == true else { return }
        machines[machine].process?.nodeTimer = nil
        if let deadline = machines[machine].process?.node.nextDeadline, deadline <= now {
            post(.input(.deadlineReached), to: machine)
            checkProgress(of: machine, machines[machine].process?.node.nextDeadline)
        } else {
            setTimer(of: machine)
        }
    }

    private mutating func setGossipTimer(of machine: Int) {
        guard let process = machines[machine].process, let deadline = process.host.router.nextDeadline else { return }
        if let timer = process.gossipTimer, timer <= deadline { return }
        machines[machine].process?.gossipTimer = max(deadline, now)
        queue.insert(.gossipDeadline(machine: machine, process: process.number), at: max(deadline, now))
    }

    mutating func gossipDeadlineReached(_ machine: Int, _ process: Int) {
        guard isRunning(machine, process), machines[machine].process?.gossipTimer.map({ $0 <= now }) == true else { return }
        machines[machine].process?.gossipTimer = nil
        if let deadline = machines[machine].process?.host.router.nextDeadline, deadline <= now {
            route(.deadlineReached, machine)
            checkProgress(of: machine, machines[machine].process?.host.router.nextDeadline)
        } else {
            setGossipTimer(of: machine)
        }
    }

    // MARK: Memory

    /// As `Engine.scheduleSave`: each change puts it off.
    private mutating func scheduleSave(of machine: Int) {
        guard let process = machines[machine].process else { return }
        noteNews(at: machine)
        guard scenario.savesMembers else { return }
        let isPlanned = process.saveAt != nil
        machines[machine].process?.saveAt = now + Self.saveDelay
        if !isPlanned { plan(.save(machine: machine, process: process.number), after: Self.saveDelay) }
    }

    mutating func saveIfDue(_ machine: Int, _ process: Int) {
        guard isRunning(machine, process), let saveAt = machines[machine].process?.saveAt else { return }
        if saveAt <= now { save(machine) } else { queue.insert(.save(machine: machine, process: process), at: saveAt) }
    }

    mutating func save(_ machine: Int) {
        guard let node = machines[machine].process?.node else { return }
        machines[machine].process?.saveAt = nil
        let seconds = Int64(machines[machine].wallClockMillis(at: now) / 1000)
        machines[machine].disk?.members = (node.snapshot(now: now), seconds)
    }
}

extension Verdict {
    init(_ verdict: ControlPlane.GossipVerdict) {
        switch verdict {
        case .accept: self = .accept
        case .ignore: self = .ignore
        case .reject: self = .reject
        }
    }
}
