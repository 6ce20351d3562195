import GossipSub
import IPAddresses
import LinuxNetwork
import LocalAPI
import Logging
import LoopRuntime
import Mesh
import Multiformats
import NetlinkCodec
import PeerConnection
import PeerHost
import Timeline
import WireGuard

/// A running node: feeds what happens to the cores, and carries out what they decide.
///
/// Everything that happens comes through one inbox, one thing after the other; so a decision never sees half of another.
actor Engine {
    private nonisolated let executor: LoopExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    static let recordsTopic = Topic(ControlPlane.gossipTopic)
    static let syncProtocol = MessageProtocol(
        ids: [ControlPlane.syncProtocol], maximumFrameBytes: ControlPlane.maximumSyncMessageLength, opensAtOnce: false)

    /// Whatever can happen to a node.
    enum Event: Sendable {
        case started
        case host(PeerHostEvent)
        case dialed(PeeringPlanner<SystemRandomNumberGenerator>.Target, Result<PeerID, DialError>)
        case kernel(NetworkEvent)
        /// The network stands: now others may be found.
        case networkReady
        case deadline
        case leave
    }

    let settings: DaemonSettings
    let token: JoinToken
    let identity: Identity
    let wireguardKey: WireGuardPrivateKey
    let startedAt: Instant
    let log: Logger
    let kernel: KernelNetwork
    let network: NetworkReconciler
    private let saveMembers: @Sendable ([UInt8]) -> Void
    /// Set once, before the first event.
    private(set) var host: PeerHost?
    private(set) var server: LocalServer?

    private(set) var control: ControlPlane
    private var peering: PeeringPlanner<SystemRandomNumberGenerator>
    private var surroundings: LocalSurroundings
    private var inbox: [Event] = []
    private var isProcessing = false
    private var isNetworkStale = false
    private var timer: LoopTimer?
    private var saveTimer: LoopTimer?
    private var refusedRemotes: Set<IPAddress?> = []
    private(set) var connectedFrom: [PeerID: IPAddress] = [:]
    /// Why each target cannot be joined, as last logged: a reason is told once, not at each try.
    private(set) var joinProblems: [PeeringPlanner<SystemRandomNumberGenerator>.Target: String] = [:]

    init(_ parts: EngineParts) {
        executor = parts.executor
        settings = parts.settings
        token = parts.token
        identity = parts.identity
        wireguardKey = parts.wireguardKey
        kernel = parts.kernel
        network = parts.network
        log = parts.log
        saveMembers = parts.saveMembers
        surroundings = parts.surroundings
        startedAt = .now()
        let controlSettings = ControlPlaneSettings(
            name: settings.name, wireguardKey: parts.wireguardPublicKey, wireguardPort: settings.wireguardPort, overlay: token.overlay,
            lease: settings.isEphemeral ? .ephemeralLease : .ordinaryLease, software: WeftVersion.agent)
        control = ControlPlane(
            identity: identity, settings: controlSettings, restored: parts.restored, now: startedAt, wallClockMillis: WallClock.milliseconds())
        peering = PeeringPlanner(generator: SystemRandomNumberGenerator())
    }

    func attach(_ host: PeerHost) {
        self.host = host
    }

    func attach(_ server: LocalServer) {
        self.server = server
    }

    // MARK: The inbox

    /// Takes an event; processes it at once, or behind the one that is being processed.
    func post(_ event: Event) {
        inbox.append(event)
        guard !isProcessing else { return }
        isProcessing = true
        while !inbox.isEmpty {
            let events = inbox
            inbox = []
            for event in events { process(event) }
        }
        isProcessing = false
        if isNetworkStale { updateNetwork() }
        setTimer()
    }

    private func setTimer() {
        timer = timer ?? LoopTimer(eventLoop: executor.eventLoop) { self.assumeIsolated { $0.post(.deadline) } }
        timer?.set(earliest(control.nextDeadline, peering.nextDeadline))
    }

    private func process(_ event: Event) {
        switch event {
        case .started:
            started()
        case .host(let event):
            process(event)
        case .dialed(let target, let result):
            dialed(target, result)
        case .kernel(let event):
            kernelChanged(event)
        case .networkReady:
            startPeering()
        case .deadline:
            decide(.deadlineReached)
            peer(.deadlineReached)
        case .leave:
            decide(.leave)
        }
    }

    private func started() {
        let facts = reachability()
        decide(.localFactsChanged(endpoints: facts.endpoints, peeringAddresses: facts.peering))
        decide(.started)
    }

    private func startPeering() {
        for member in control.membership.live where member.record.peer != identity.peerID { noteMember(member.record) }
        for bootstrap in token.bootstrap where bootstrap.peer != identity.peerID && control.membership[bootstrap.peer] == nil {
            peer(.member(bootstrap.peer, bootstrap.addresses))
        }
        for host in settings.joinHosts { peer(.join(host.multiaddr)) }
    }

    private func process(_ event: PeerHostEvent) {
        switch event {
        case .connected(let peerID, let remote):
            connectedFrom[peerID] = remote
            log.info("peer connected", metadata: ["peer": "\(peerID)", "remote": "\(remote.map(String.init) ?? "-")"])
            joinProblems = [:]
            peer(.connected(peerID))
            decide(.peerConnected(peerID))
            isNetworkStale = true
        case .disconnected(let peerID, let failure):
            connectedFrom[peerID] = nil
            log.info("peer disconnected", metadata: ["peer": "\(peerID)", "reason": "\(failure)"])
            peer(.disconnected(peerID))
            decide(.peerDisconnected(peerID))
        case .identified(let peerID, let description):
            log.debug("peer identified", metadata: ["peer": "\(peerID)", "agent": "\(description.agentVersion)"])
        case .message(let peerID, _, let frame):
            decide(.syncMessage(from: peerID, frame))
        case .gossip(let message):
            judge(message)
        case .gossipRefused(let refusal):
            log.debug("not published", metadata: ["reason": "\(refusal)"])
        case .gossipDropped(let peerID, let reason):
            log.debug("gossip dropped", metadata: ["peer": "\(peerID)", "reason": "\(reason)"])
        case .refused(let remote, let failure):
            noteRefusal(remote, failure)
        }
    }

    private func judge(_ message: Message) {
        for action in decisions(.gossip(from: message.receivedFrom, message.data)) {
            if case .gossipVerdict(let verdict) = action {
                host?.assumeIsolated { $0.judge(message.id, Verdict(verdict)) }
            } else {
                carryOut(action)
            }
        }
    }

    // MARK: Decisions

    private func decisions(_ input: ControlPlane.Input) -> [ControlPlane.Action] {
        control.handle(input, now: .now(), wallClockMillis: WallClock.milliseconds())
    }

    private func decide(_ input: ControlPlane.Input) {
        for action in decisions(input) { carryOut(action) }
    }

    private func carryOut(_ action: ControlPlane.Action) {
        switch action {
        case .publish(let data):
            host?.assumeIsolated { $0.publish(data, on: Self.recordsTopic) }
        case .gossipVerdict:
            break  // given by `judge`, which knows the message
        case .sendSync(let peerID, let message):
            host?.assumeIsolated { $0.send(message, by: Self.syncProtocol, to: peerID) }
        case .membershipChanged(let change):
            membershipChanged(change)
        case .networkChanged:
            isNetworkStale = true
        case .persist:
            scheduleSave()
        case .notice(let notice):
            log.log(level: notice.level, notice.message, metadata: notice.metadata)
        }
    }

    private func membershipChanged(_ change: ControlPlane.MembershipChange) {
        log.info(change.message, metadata: change.metadata)
        if let record = control.membership[change.peer]?.record, control.membership[change.peer]?.isLive == true {
            noteMember(record)
        } else {
            peer(.forget(change.peer))
        }
    }

    private func noteMember(_ record: NodeRecord) {
        peer(.member(record.peer, record.peeringAddresses))
    }

    // MARK: Peering

    private func peer(_ input: PeeringPlanner<SystemRandomNumberGenerator>.Input) {
        for action in peering.handle(input, now: .now()) {
            switch action {
            case .dial(let target, let addresses): dial(target, addresses)
            case .disconnect(let peerID): host?.assumeIsolated { $0.disconnect(peerID) }
            }
        }
    }

    private func dial(_ target: PeeringPlanner<SystemRandomNumberGenerator>.Target, _ addresses: [Multiaddr]) {
        guard let host else { return }
        let expected: PeerID? = if case .peer(let peerID) = target { peerID } else { nil }
        Task(executorPreference: executor) {
            var result: Result<PeerID, DialError> = .failure(.unreachable(reason: "it has told no address"))
            for address in addresses {
                do throws(DialError) {
                    result = .success(try await host.dial(address, expecting: expected))
                } catch {
                    result = .failure(error)
                }
                if case .success = result { break }
            }
            await self.post(.dialed(target, result))
        }
    }

    private func dialed(_ target: PeeringPlanner<SystemRandomNumberGenerator>.Target, _ result: Result<PeerID, DialError>) {
        switch result {
        case .success(let peerID):
            joinProblems[target] = nil
            peer(.dialed(target, connectedTo: peerID))
        case .failure(.isOwnAddress):
            peer(.dialFailed(target))
        case .failure(let error):
            noteFailure(target, error)
            peer(.dialFailed(target))
        }
    }

    /// Whoever waits to join is told why it does not work; a member that is away is normal.
    private func noteFailure(_ target: PeeringPlanner<SystemRandomNumberGenerator>.Target, _ error: DialError) {
        let reason = error.advice
        let fields: Logger.Metadata = ["target": "\(target.label)", "reason": "\(reason)"]
        guard connectedFrom.isEmpty else { return log.debug("peer not reached", metadata: fields) }
        guard joinProblems[target] != reason else { return log.debug("still cannot join", metadata: fields) }
        joinProblems[target] = reason
        log.warning("cannot join, will keep trying", metadata: fields)
    }

    /// Whoever knocks can do so often: told once for each address, and for so many.
    private func noteRefusal(_ remote: IPAddress?, _ failure: ConnectionFailure) {
        let isNews = refusedRemotes.count < Self.maximumRefusedRemotes && refusedRemotes.insert(remote).inserted
        log.log(
            level: isNews ? .info : .debug, "connection refused",
            metadata: ["remote": "\(remote.map(String.init) ?? "-")", "reason": "\(failure)"])
    }

    static let maximumRefusedRemotes = 256

    // MARK: This machine

    private func kernelChanged(_ event: NetworkEvent) {
        log.debug("kernel network changed", metadata: ["event": "\(event)"])
        let now = kernel.assumeIsolated { try? $0.surroundings(interface: settings.interface, overlay: token.overlay) }
        if let now, now != surroundings {
            surroundings = now
            let facts = reachability()
            decide(.localFactsChanged(endpoints: facts.endpoints, peeringAddresses: facts.peering))
            isNetworkStale = true
        }
        network.assumeIsolated { $0.check() }
    }

    /// Where others may reach us: WireGuard and peering.
    func reachability() -> (endpoints: [SocketAddress], peering: [Multiaddr]) {
        let own = settings.bindAddress.map { [$0] } ?? surroundings.reachableAddresses
        let addresses = (settings.advertiseAddresses + own).uniqued()
        return (
            addresses.map { SocketAddress($0, port: settings.wireguardPort) },
            addresses.map { Multiaddr(tcp: SocketAddress($0, port: settings.clusterPort)) }
        )
    }

    /// What the network should be by all that is known now.
    func desiredNetwork() -> DesiredNetwork? {
        desired(
            control.membership,
            facts: LocalFacts(
                interface: settings.interface, privateKey: wireguardKey, secret: token.secret, listenPort: settings.wireguardPort,
                mtu: surroundings.overlayMTU, keepaliveSeconds: settings.persistentKeepaliveSeconds,
                attachedNetworks: surroundings.attachedNetworks, hasIPv4Route: surroundings.hasIPv4Route,
                hasGlobalIPv6Route: surroundings.hasGlobalIPv6Route, connectedFrom: connectedFrom))
    }

    /// Works out what the network should be, once for all events of a batch: the cost is that of all members.
    private func updateNetwork() {
        isNetworkStale = false
        guard let desired = desiredNetwork() else { return }
        network.assumeIsolated { $0.want(desired) }
    }

    // MARK: Memory

    /// Saves a little later, so a burst of changes is one write.
    private func scheduleSave() {
        if saveTimer == nil { saveTimer = LoopTimer(eventLoop: executor.eventLoop) { self.assumeIsolated { $0.saveNow() } } }
        saveTimer?.set(.now() + Self.saveDelay)
    }

    static let saveDelay: Duration = .seconds(1)

    /// What is waiting to be saved is not.
    func stopSaving() {
        saveTimer?.set(nil)
    }

    func saveNow() {
        saveTimer?.set(nil)
        saveMembers(control.snapshot(now: .now()).encoded)
    }
}
