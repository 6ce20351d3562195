import AutoNAT
import GossipSub
import IPAddresses
import LoopRuntime
import Multiformats
import NIOCore
import NIOPosix
import PeerConnection
import SecureChannel
import Timeline

/// A libp2p host over TCP: listens, dials, keeps connections, carries frames and publish-subscribe.
///
/// All protocol logic is in machines (`PeerConnection`, `GossipSubRouter`); this actor feeds them what the sockets bring and
/// carries out what they ask for, on one event loop.
package actor PeerHost {
    nonisolated let executor: LoopExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    nonisolated var eventLoop: any EventLoop { executor.eventLoop }

    package nonisolated let configuration: PeerHostConfiguration
    nonisolated let connectionConfiguration: ConnectionConfiguration
    nonisolated static let pubsub = MessageProtocol(
        ids: PeerVersion.allCases.map(\.rawValue), maximumFrameBytes: GossipSubConfiguration().maximumRPCBytes, opensAtOnce: true)

    private let events: @Sendable (PeerHostEvent) -> Void
    var links: [LinkID: Link] = [:]
    private var nextLink: UInt64 = 1
    /// Of all links.
    var heldBytes = 0
    var dials: [DialID: Dial] = [:]
    var nextDial: UInt64 = 1
    /// Peers that others have suggested and that are being dialled.
    var suggestionsFollowed: Set<PeerID> = []
    var questions: [QuestionID: OpenQuestion] = [:]
    var nextQuestion: UInt64 = 1
    /// `nil`: nobody is asked to dial us back, and nobody is dialled back.
    var autoNATState: AutoNATState?
    /// The standing connections of each peer, oldest first.
    var peers: [PeerID: [LinkID]] = [:]
    /// The connection that carries publish-subscribe with a peer: one of them, however many stand.
    var gossipLinks: [PeerID: LinkID] = [:]
    var moves: RecentMoves
    var router: GossipSubRouter<SystemRandomNumberGenerator>
    private var gossipTimer: LoopTimer?
    private var servers: [any Channel] = []
    var listenAddresses: [Multiaddr] = []
    /// The same, signed: a sealed `PeerRecord`; nil as long as nothing was announced.
    var signedPeerRecord: [UInt8]?
    /// Of our last peer record.
    private var recordSequence: UInt64 = 0
    let resolver = HostResolver()

    /// - Parameter events: called on the loop, in order. It must not call back into the host before it has returned.
    package init(
        configuration: PeerHostConfiguration, executor: LoopExecutor, events: @escaping @Sendable (PeerHostEvent) -> Void
    ) {
        self.executor = executor
        self.configuration = configuration
        self.events = events
        moves = RecentMoves(memory: configuration.limits.moveMemory)
        autoNATState = configuration.autoNAT.map { AutoNATState($0, peer: configuration.identity.peerID) }
        connectionConfiguration = ConnectionConfiguration(
            identity: configuration.identity, networkKey: configuration.networkKey, security: configuration.security,
            messageProtocols: [Self.pubsub] + configuration.messageProtocols,
            requestProtocols: configuration.requestProtocols + (configuration.autoNAT == nil ? [] : [Self.autoNAT]),
            agentVersion: configuration.agentVersion)
        router = GossipSubRouter(
            identity: configuration.identity, configuration: configuration.gossip,
            firstSequence: WallClock.milliseconds() &* 1_000_000, generator: SystemRandomNumberGenerator())
    }

    package nonisolated var peerID: PeerID { configuration.identity.peerID }

    /// Peers to which a connection stands.
    package var connectedPeers: [PeerID] { Array(peers.keys) }

    /// Connections, whoever opened them, also those that have not proved yet who is there.
    package var connectionCount: Int { links.count }

    /// The round-trip time of a peer's connection as last measured.
    package func roundTripTime(to peer: PeerID) -> Duration? {
        peers[peer]?.lazy.compactMap { self.links[$0]?.machine.roundTripTime }.first
    }

    // MARK: Listening

    /// Listens on an address; returns the address with the port that was given.
    package func listen(on address: IPAddresses.SocketAddress) async throws(ListenError) -> IPAddresses.SocketAddress {
        do {
            let channel = try await ServerBootstrap(group: eventLoop)
                .serverChannelOption(.backlog, value: 256)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOptions(keepAlive: configuration.limits)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try self.assumeIsolated { try $0.adopt(inbound: channel) } }
                }
                .bind(to: NIOCore.SocketAddress(address)).get()
            servers.append(channel)
            return channel.localAddress?.plain ?? address
        } catch {
            throw ListenError(error, address)
        }
    }

    /// Sets what we tell peers of where we listen.
    package func announce(listenAddresses: [Multiaddr]) {
        guard listenAddresses != self.listenAddresses else { return }
        self.listenAddresses = listenAddresses
        signedPeerRecord = sealRecord()
        for link in links.keys.sorted() {
            feed(.describe(listenAddresses: listenAddresses, signedPeerRecord: signedPeerRecord), to: link)
        }
    }

    /// Numbered by the wall clock, as others do, so that it is newer than those of runs before.
    private func sealRecord() -> [UInt8]? {
        recordSequence = max(recordSequence + 1, WallClock.milliseconds() &* 1_000_000)
        let record = PeerRecord(peerID: peerID, sequence: recordSequence, addresses: listenAddresses)
        return try? record.sealed(by: configuration.identity).encoded
    }

    private func adopt(inbound channel: any Channel) throws {
        let pending = links.values.count { $0.peer == nil && $0.machine.role == .listener }
        guard pending < configuration.limits.maximumPendingInbound, links.count < configuration.limits.maximumConnections else {
            throw ChannelError.ioOnClosedChannel  // NIO closes the channel
        }
        try addLink(on: channel, role: .listener, expecting: nil, dial: nil)
    }

    /// Makes the machine for a channel that is about to become active.
    func addLink(
        on channel: any Channel, role: PeerConnection.Role, expecting peer: PeerID?, dial: DialID?
    ) throws {
        let id = LinkID(rawValue: nextLink)
        nextLink += 1
        let remote = channel.remoteAddress?.plain
        var generator = SystemRandomNumberGenerator()
        let machine = try PeerConnection(
            role: role, configuration: connectionConfiguration, expectedPeer: peer, remoteAddress: remote.map { Multiaddr(tcp: $0) },
            listenAddresses: listenAddresses, signedPeerRecord: signedPeerRecord, entropy: ConnectionEntropy(from: &generator), now: .now())
        let timer = LoopTimer(eventLoop: eventLoop) { self.assumeIsolated { $0.feed(.deadlineReached, to: id) } }
        let stallTimer = LoopTimer(eventLoop: eventLoop) { self.assumeIsolated { $0.end(id, .tooSlow) } }
        links[id] = Link(machine: machine, channel: channel, remote: remote?.address, timer: timer, stallTimer: stallTimer, dial: dial)
        try channel.pipeline.syncOperations.addHandler(ConnectionHandler(host: self, link: id))
    }

    // MARK: Sending

    /// Sends a frame of one of our message protocols to a peer. Without a connection it is dropped: its end was an event.
    ///
    /// Connections from several addresses that stand at the same time lead to machines with a copied identity: each gets the frame.
    package func send(_ frame: [UInt8], by messageProtocol: MessageProtocol, to peer: PeerID) {
        for id in linkOfEachAddress(of: peer) { feed(.send(messageProtocol, frame: frame), to: id) }
    }

    package func subscribe(_ topic: Topic, _ policy: TopicPolicy) {
        route(.subscribe(topic, policy))
    }

    /// Leaves a topic.
    package func unsubscribe(_ topic: Topic) {
        route(.unsubscribe(topic))
    }

    package func publish(_ data: [UInt8], on topic: Topic) {
        route(.publish(topic, data))
    }

    /// Tells what the owner thinks of a message whose topic waits for verdicts.
    package func judge(_ message: MessageID, _ verdict: Verdict) {
        route(.validated(message, verdict))
    }

    /// What the owner thinks of a peer that is connected counts in the peer's score, if peers are judged.
    package func setApplicationScore(_ score: Double, of peer: PeerID) {
        if peers[peer] != nil { route(.applicationScore(peer, score)) }
    }

    /// Feeds the router and carries out what it asks for.
    func route(_ input: GossipSubRouter<SystemRandomNumberGenerator>.Input) {
        for action in router.handle(input, now: .now()) {
            switch action {
            case .send(let peer, let frame):
                if let link = gossipLinks[peer] { feed(.send(Self.pubsub, frame: frame), to: link) }
            case .deliver(let message):
                events(.gossip(message))
            case .connect(let suggestions):
                follow(suggestions)
            case .dropped(let peer, let reason):
                events(.gossipDropped(from: peer, reason))
            case .refused(let refusal):
                events(.gossipRefused(refusal))
            }
        }
        if gossipTimer == nil {
            gossipTimer = LoopTimer(eventLoop: eventLoop) { self.assumeIsolated { $0.route(.deadlineReached) } }
        }
        gossipTimer?.set(router.nextDeadline)
    }

    func emit(_ event: PeerHostEvent) {
        events(event)
    }

    // MARK: Ending

    /// Says good-bye to one peer and closes its connections.
    package func disconnect(_ peer: PeerID) {
        for link in peers[peer] ?? [] { sayGoodbye(to: link) }
    }

    /// Ends the connections that use an address which this machine does not have any more: nothing comes by them, and the kernel would
    /// take its time to notice.
    package func endConnections(from addresses: Set<IPAddress>) {
        for id in links.keys.sorted() {
            guard let local = links[id]?.channel.localAddress?.plain?.address.unmapped, addresses.contains(local) else { continue }
            end(id, .closed)
        }
    }

    /// Says good-bye to all peers and closes every socket.
    package func shutDown() async {
        for server in servers { try? await server.close() }
        servers = []
        endDials()
        for link in links.keys.sorted() { sayGoodbye(to: link) }
        autoNATState?.timer?.set(nil)
        autoNATState = nil
        resolver.shutDown()
    }
}
