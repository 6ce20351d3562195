import AutoNAT
import CLinux
import GossipSub
import IPAddresses
import LinuxNetwork
import LocalAPI
import Logging
import LoopRuntime
import Mesh
import Multiformats
import NetlinkCodec
import NodeMetrics
import PeerConnection
import PeerHost
import PortMapping
import Timeline
import WireGuard

/// A running node: feeds what happens to the cores, and carries out what they decide.
///
/// Everything that happens comes through one inbox, one thing after the other; so a decision never sees half of another.
actor Engine {
    nonisolated let executor: LoopExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// What decides, with the machine's own randomness.
    typealias Node = MeshNode<SystemRandomNumberGenerator>
    typealias Target = Node.Peering.Target

    static let recordsTopic = Topic(ControlPlane.gossipTopic)
    static let syncProtocol = MessageProtocol(
        ids: [ControlPlane.syncProtocol], maximumFrameBytes: ControlPlane.maximumSyncMessageLength, opensAtOnce: false)

    /// Whatever can happen to a node.
    enum Event: Sendable {
        case started
        /// Other addresses than before lead to this node.
        case reachabilityChanged
        case host(PeerHostEvent)
        case dialed(Target, Result<PeerID, DialError>)
        /// Somebody on the same link says that he is a member.
        case neighbour(PeerID, [Multiaddr])
        case kernel(NetworkEvent)
        /// The machine's network may be another than at the last look.
        case lookDue
        /// The network stands: now others may be found.
        case networkReady
        case deadline
        /// A person says that a member is gone for good.
        case forget(PeerID)
        case stop
        case leave
    }

    private(set) var parts: EngineParts
    let startedAt: Instant
    /// Set once, before the first event.
    private(set) var host: PeerHost?
    private(set) var server: LocalServer?
    private(set) var pages: WebPages?
    /// `nil`: nobody is looked for.
    private(set) lazy var neighbours = makeNeighbourFinder()
    /// `nil`: no router is asked.
    private(set) lazy var portMapper = makePortMapper()
    var natStatus = NATStatus.unknown
    /// What routers forward to this node from addresses that the world knows.
    var mappedPorts: [MappedPort] = []

    private var node: Node
    var surroundings: LocalSurroundings
    private var inbox: [Event] = []
    private var isProcessing = false
    var isNetworkStale = false
    private var timer: LoopTimer?
    /// A burst of changes is one write; changes that go on and on do not put it off.
    private lazy var saving = PacedWork(.init(delay: .seconds(1), minimumRest: .seconds(4)), eventLoop: executor.eventLoop) {
        self.assumeIsolated { $0.save() }
    }
    /// What it took to start, to learn of others or to answer a command is not needed at rest.
    private(set) lazy var settling = PacedWork(.init(delay: .seconds(15)), eventLoop: executor.eventLoop) { weft_unmap_code() }
    /// The little that happens at rest is seldom the same: what is called once in an hour would come to stay.
    private lazy var resettling = PacedWork(.init(delay: .seconds(600)), eventLoop: executor.eventLoop) { weft_unmap_code() }
    /// While many nodes join, each change would cost the time of all members. But soon: a peer that we do not know yet has its first handshake
    /// ignored.
    private lazy var networkUpdating = PacedWork(
        .init(minimumRest: .milliseconds(50), restPerItem: .milliseconds(3), maximumRest: .seconds(20)), eventLoop: executor.eventLoop,
        work: { self.assumeIsolated { $0.updateNetwork() } }, itemCount: { self.assumeIsolated { $0.membership.count } })
    /// A change seldom comes alone, and a look costs the time of all links and routes of the machine: on one where containers come and go
    /// there are many of both.
    private(set) lazy var lookingAround = PacedWork(
        .init(delay: .milliseconds(50), minimumRest: .milliseconds(200), maximumRest: .seconds(2)), eventLoop: executor.eventLoop
    ) {
        self.assumeIsolated { $0.post(.lookDue) }
    }
    var presharedKeys: PresharedKeys
    var refusedRemotes: Set<IPAddress?> = []
    /// Neighbours that are being dialled.
    var meeting: Set<PeerID> = []
    private(set) var connectedFrom: [PeerID: IPAddress] = [:]
    /// Why each target cannot be joined, as last logged: a reason is told once, not at each try.
    var joinProblems: [Target: String] = [:]

    init(_ parts: EngineParts) {
        self.parts = parts
        executor = parts.executor
        surroundings = parts.surroundings
        presharedKeys = PresharedKeys(secret: parts.token.secret, ownKey: parts.wireguardPublicKey)
        startedAt = .now()
        let controlSettings = ControlPlaneSettings(
            name: parts.settings.name, wireguardKey: parts.wireguardPublicKey, wireguardPort: parts.settings.wireguardPort,
            overlay: parts.token.overlay, lease: parts.settings.isEphemeral ? .ephemeralLease : .ordinaryLease, software: WeftVersion.agent)
        let control = ControlPlane(
            identity: parts.identity, settings: controlSettings, restored: parts.restored, now: startedAt,
            wallClockMillis: WallClock.milliseconds())
        node = Node(
            control: control, peering: Node.Peering(generator: SystemRandomNumberGenerator()), bootstrap: parts.token.bootstrap,
            joinAddresses: parts.settings.joinHosts.map(\.multiaddr))
    }

    func attach(_ host: PeerHost) {
        self.host = host
    }

    func attach(_ server: LocalServer) {
        self.server = server
    }

    func attach(_ pages: WebPages) {
        self.pages = pages
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
        if isNetworkStale { networkUpdating.ask() }
        neighbours?.isAlone = connectedFrom.isEmpty
        resettling.ask()
        setTimer()
    }

    private func setTimer() {
        timer = timer ?? LoopTimer(eventLoop: executor.eventLoop) { self.assumeIsolated { $0.post(.deadline) } }
        timer?.set(node.nextDeadline)
    }

    private func process(_ event: Event) {
        switch event {
        case .started:
            tellReachability()
            decide(.started)
        case .reachabilityChanged:
            tellReachability()
        case .host(let event):
            process(event)
        case .dialed(let target, let result):
            dialed(target, result)
        case .neighbour(let peer, let addresses):
            meet(peer, addresses)
        case .kernel(let event):
            kernelChanged(event)
        case .lookDue:
            lookAround()
        case .networkReady:
            decide(.readyToPeer)
            lookForNeighbours()
            mapPorts()
        case .deadline:
            decide(.deadlineReached)
        case .forget(let peer):
            decide(.forget(peer))
        case .stop:
            decide(.stop)
            neighbours?.stop()
        case .leave:
            decide(.leave)
        }
    }

    func tellReachability() {
        let facts = reachability()
        decide(.localFactsChanged(endpoints: facts.endpoints, peeringAddresses: facts.peering))
        host?.assumeIsolated { $0.announce(listenAddresses: facts.peering) }
        checkReachability(facts.peering)
    }

    private func process(_ event: PeerHostEvent) {
        switch event {
        case .connected(let peerID, let remote):
            connectedFrom[peerID] = remote
            parts.metrics.count(.peerConnection)
            parts.log.info("peer connected", metadata: ["peer": "\(peerID)", "remote": "\(remote.map(String.init) ?? "-")"])
            joinProblems = [:]
            decide(.connected(peerID))
            if membership[peerID] != nil { isNetworkStale = true }
        case .pathsChanged(let peerID):
            parts.log.debug("peer takes other connections", metadata: ["peer": "\(peerID)"])
            decide(.pathsChanged(peerID))
        case .disconnected(let peerID, let failure):
            connectedFrom[peerID] = nil
            parts.log.info("peer disconnected", metadata: ["peer": "\(peerID)", "reason": "\(failure)"])
            decide(failure == .goodbye ? .disconnected(peerID) : .lost(peerID))
        case .identified(let peerID, let description):
            parts.log.debug("peer identified", metadata: ["peer": "\(peerID)", "agent": "\(description.agentVersion)"])
        case .message(let peerID, _, let frame):
            for action in news(.syncMessage(from: peerID, frame), by: .sync) { carryOut(action) }
        case .request(let request):
            host?.assumeIsolated { $0.answer(request, with: nil) }  // the daemon has no such protocol
        case .reachability(let status):
            note(status)
        case .gossip(let message):
            judge(message)
        case .gossipRefused(let refusal):
            parts.log.debug("not published", metadata: ["reason": "\(refusal)"])
        case .gossipDropped(let peerID, let reason):
            parts.log.debug("gossip dropped", metadata: ["peer": "\(peerID)", "reason": "\(reason)"])
        case .refused(let remote, let failure):
            noteRefusal(remote, failure)
        }
    }

    private func judge(_ message: Message) {
        for action in news(.gossip(from: message.receivedFrom, message.data), by: .gossip) {
            if case .control(.gossipVerdict(let verdict)) = action {
                host?.assumeIsolated { $0.judge(message.id, Verdict(verdict)) }
            } else {
                carryOut(action)
            }
        }
    }

    // MARK: Decisions

    var membership: Membership { node.membership }

    /// What follows from what a peer tells of members.
    private func news(_ input: Node.Input, by way: NodeEvent.Way) -> [Node.Action] {
        let actions = decisions(input)
        let count = actions.count {
            switch $0 {
            case .control(.membershipChanged(.joined)), .control(.membershipChanged(.changed)): true
            default: false
            }
        }
        if count > 0 { parts.metrics.count(.recordReceived(by: way), times: count) }
        return actions
    }

    private func decisions(_ input: Node.Input) -> [Node.Action] {
        node.handle(input, now: .now(), wallClockMillis: WallClock.milliseconds())
    }

    /// Why a member would not be forgotten now.
    func obstacle(toForgetting peer: PeerID) -> ForgetObstacle? { node.obstacle(toForgetting: peer, now: .now()) }

    func decide(_ input: Node.Input) {
        for action in decisions(input) { carryOut(action) }
    }

    private func carryOut(_ action: Node.Action) {
        switch action {
        case .control(let action): carryOut(action)
        case .peering(.dial(let target, let addresses)): dial(target, addresses)
        case .peering(.unreachable): break  // for the control plane, which has been told
        case .peering(.disconnect(let peerID)): host?.assumeIsolated { $0.disconnect(peerID) }
        }
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
            parts.log.info(change.message, metadata: change.metadata)
        case .networkChanged:
            isNetworkStale = true
        case .persist:
            saving.ask()
            settling.ask()
        case .notice(let notice):
            if let event = notice.event { parts.metrics.count(event) }
            parts.log.log(level: notice.level, notice.message, metadata: notice.metadata)
        }
    }

    // MARK: Settings

    /// Takes over what can change while a node runs.
    func apply(_ settings: DaemonSettings) {
        parts.settings.advertiseAddresses = settings.advertiseAddresses
        parts.settings.persistentKeepaliveSeconds = settings.persistentKeepaliveSeconds
        isNetworkStale = true
        post(.reachabilityChanged)
    }

    // MARK: Memory

    /// What is waiting to be saved is not.
    func stopSaving() {
        saving.cancel()
    }

    func saveNow() {
        saving.doNow()
    }

    private func save() {
        parts.saveMembers(node.snapshot(now: .now()).encoded)
    }
}
