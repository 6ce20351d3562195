import GossipSub
import Mesh
import Multiformats
import Timeline
import WeftTestKit

/// How nodes begin and end.
extension Simulation {
    /// From the start of the process until its network stands.
    static let startUp: Duration = .milliseconds(20)
    /// As `Daemon.leaveGrace`.
    static let leaveGrace: Duration = .milliseconds(500)
    /// Members named in a token, as `Engine.tokenCompanions` and the node itself.
    static let tokenMembers = 3

    mutating func start(_ machine: Int) {
        guard machines[machine].process == nil else { return }
        machines[machine].isPowered = true
        if machines[machine].disk == nil { machines[machine].disk = join(machine) }
        guard let disk = machines[machine].disk else { return }
        machines[machine].processCount += 1
        machines[machine].process = process(of: machine, disk)
        trace.note(.started, machine, at: now)
        if disk.members != nil { checker.hasRestored = true }
        checkMemory(of: machine, disk)
        route(.subscribe(SimulatedHost.recordsTopic, TopicPolicy(signing: .none, validation: .external)), machine)
        let facts = machines[machine].reachability
        post(.input(.localFactsChanged(endpoints: facts.endpoints, peeringAddresses: facts.peering)), to: machine)
        post(.input(.started), to: machine)
        plan(.networkReady(machine: machine, process: machines[machine].processCount), after: Self.startUp)
        checker.noteLife()
    }

    private mutating func process(of machine: Int, _ disk: Disk) -> NodeProcess {
        let wallClock = machines[machine].wallClockMillis(at: now)
        let restored = disk.members.map { members in
            MeshSnapshot(
                decoding: members.snapshot.encoded, elapsed: .seconds(max(0, Int64(wallClock / 1000) - members.savedAtSeconds)),
                opener: archive.open)
        }
        let specification = machines[machine].specification
        let settings = ControlPlaneSettings(
            name: specification.name, wireguardKey: disk.wireguardKey, wireguardPort: Machine.wireguardPort, overlay: scenario.overlay,
            lease: specification.isEphemeral ? .ephemeralLease : .ordinaryLease, software: "weft simulation")
        let control = ControlPlane(
            identity: disk.identity, settings: settings, restored: restored, opener: archive.open, now: now, wallClockMillis: wallClock)
        let node = Node(
            control: control, peering: Node.Peering(generator: SeededGenerator(seed: generator.next())), bootstrap: disk.bootstrap,
            joinAddresses: disk.joinAddresses)
        let host = SimulatedHost(
            identity: disk.identity, generator: SeededGenerator(seed: generator.next()), wallClockMillis: wallClock)
        return NodeProcess(number: machines[machine].processCount, identity: disk.identity, node: node, host: host)
    }

    /// A new node gets the token of one that runs, or else of one that will run again.
    private mutating func join(_ machine: Int) -> Disk {
        let number = nextIdentity
        nextIdentity += 1
        let identity = IdentityPool.identity(number)
        owners[identity.peerID] = machine
        let hosts = hostsToJoinBy(machine)
        let byHost = machines[machine].specification.joinsByHost
        return Disk(
            identity: identity, wireguardKey: IdentityPool.wireguardKey(number), bootstrap: byHost ? [] : hosts.compactMap(bootstrap),
            joinAddresses: byHost ? hosts.flatMap { machines[$0].reachability.peering } : [])
    }

    private mutating func hostsToJoinBy(_ machine: Int) -> [Int] {
        let others = machines.indices.filter { $0 != machine && machines[$0].disk != nil }
        let running = others.filter {
            machines[$0].process?.isLeaving == false && network.isOpen(from: $0, to: machine) && network.isOpen(from: machine, to: $0)
        }
        return Array((running.isEmpty ? others : running).shuffled(using: &generator).prefix(Self.tokenMembers))
    }

    private func bootstrap(_ machine: Int) -> JoinToken.Bootstrap? {
        machines[machine].disk.map { JoinToken.Bootstrap(peer: $0.identity.peerID, addresses: machines[machine].reachability.peering) }
    }

    // MARK: Ends

    /// The process ends, whoever ended it; its kernel closes what it had open.
    mutating func end(_ machine: Int, isGoodbye: Bool = false) {
        guard machines[machine].process != nil else { return }
        machines[machine].process = nil
        trace.note(.stopped, machine, at: now)
        checker.noteLife()
        for id in connections.keys.sorted() {
            guard let connection = connections[id], let side = connection.openSide(of: machine) else { continue }
            close(id, side, isGoodbye: isGoodbye)
        }
    }

    mutating func leave(_ machine: Int) {
        guard let number = machines[machine].process?.number, machines[machine].process?.isLeaving == false else { return }
        post(.input(.leave), to: machine)
        machines[machine].process?.isLeaving = true
        checker.noteLife()
        plan(.goodbyeSaid(machine: machine, process: number), after: Self.leaveGrace)
    }

    mutating func goodbyeSaid(_ machine: Int, _ process: Int) {
        guard isRunning(machine, process) else { return }
        end(machine, isGoodbye: true)
        machines[machine].disk = nil
    }
}

extension Connection {
    /// The end that the machine has open.
    func openSide(of machine: Int) -> Side? {
        let sides: [Side] = [.dialer, .listener]
        return sides.first { self[$0].machine == machine && self[$0].isOpen }
    }
}
