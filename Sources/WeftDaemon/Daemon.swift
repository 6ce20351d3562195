import CoreMetrics
import Glibc
import GossipSub
import HostProcess
import IPAddresses
import LinuxNetwork
import LocalAPI
import Logging
import LoopRuntime
import Mesh
import Multiformats
import NIOCore
import NodeMetrics
import PeerHost
import PrometheusMetrics
import SecureChannel
import TLSChannel
import Timeline
import WireGuard

/// Puts a node together, lets it run until it is told to stop, and takes everything down again.
package struct Daemon: Sendable {
    /// Why a node ends.
    private enum StopReason: Sendable {
        case signal(CInt)
        /// `weft leave`: say good-bye for good.
        case leave
    }

    private let settings: DaemonSettings
    private let groundwork: Groundwork
    private let executor: LoopExecutor
    private let signals: Signals
    private let log: Logger
    private let logLevel: LogLevelSwitch
    private let metrics: NodeMetrics
    /// `nil`: nobody asks for them.
    private let exposition: WebPages.Exposition?
    private let serviceManager = ServiceManager { getenv($0).map { String(cString: $0) } }
    private let reload: @Sendable () throws -> ReloadedSettings

    /// After a signed good-bye: time for it to go out and be read before the connections close.
    static let leaveGrace: TimeAmount = .milliseconds(500)
    /// How long interface and port may be another's: a node that was killed is survived for a moment by its WireGuard program.
    static let survivorPatience: Duration = .seconds(2)
    static let survivorPause: TimeAmount = .milliseconds(20)

    /// - Parameter reload: what the settings are now; an error of it is logged, and the node goes on with what it has.
    package init(
        settings: DaemonSettings, groundwork: Groundwork, signals: Signals, executor: LoopExecutor,
        reload: @escaping @Sendable () throws -> ReloadedSettings
    ) {
        self.settings = settings
        self.groundwork = groundwork
        self.executor = executor
        self.signals = signals
        self.reload = reload
        let levelSwitch = LogLevelSwitch(settings.logLevel)
        logLevel = levelSwitch
        guard settings.metricsAddress != nil else {
            metrics = NodeMetrics(factory: NOOPMetricsHandler.instance)
            exposition = nil
            log = Logger(label: "weft") { _ in LineLogHandler(levelSwitch, format: settings.logFormat) }
            return
        }
        let registry = PrometheusRegistry(help: NodeMetrics.help)
        let metrics = NodeMetrics(factory: registry)
        self.metrics = metrics
        exposition = WebPages.Exposition(metrics: metrics, registry: registry)
        log = Logger(label: "weft") { _ in
            MultiplexLogHandler([LineLogHandler(levelSwitch, format: settings.logFormat), LogCounter(metrics)])
        }
    }

    /// Runs until SIGINT, SIGTERM or `weft leave`, or until its terminal is gone.
    ///
    /// - Parameter announce: called once the node works; with a token if the mesh was made just now.
    package func run(announce: @Sendable (JoinToken?) -> Void) async throws(DaemonError) {
        do {
            try await runUntilStopped(announce)
        } catch {
            groundwork.commands.discard()
            throw error
        }
    }

    private func runUntilStopped(_ announce: @Sendable (JoinToken?) -> Void) async throws(DaemonError) {
        let directory = groundwork.state
        let kernel = KernelNetwork(on: executor.eventLoop)
        var state = try loadState(directory)
        try await checkInterface(kernel, state)
        let choice = try await MeshChooser(settings: settings, stored: state.mesh, freshSecret: try freshSecret()).choose(
            routed: try kernel.surroundings(interface: settings.interface, overlay: nil).routedNetworks)
        log.info("mesh chosen", metadata: ["mesh": "\(choice.token.secret.fingerprint)", "overlay": "\(choice.token.overlay)"])
        if choice.forgetsMembers { directory.removeMembers() }
        state.mesh = choice.token
        try directory.save(state)
        try await run(state, choice, directory, kernel, announce)
    }

    private func loadState(_ directory: StateDirectory) throws(DaemonError) -> NodeState {
        guard !settings.startsOver, let stored = try directory.loadState() else { return try .fresh() }
        if let path = stored.setAside { log.warning("state file damaged and set aside, its copy is used", metadata: ["path": "\(path)"]) }
        return stored.state
    }

    private func freshSecret() throws(DaemonError) -> MeshSecret {
        guard let secret = MeshSecret(bytes: randomBytes(MeshSecret.byteCount)) else { throw .internalFault("no random bytes") }
        return secret
    }

    // MARK: Life

    private func run(
        _ state: NodeState, _ choice: MeshChooser.Choice, _ directory: StateDirectory, _ kernel: KernelNetwork,
        _ announce: @Sendable (JoinToken?) -> Void
    ) async throws(DaemonError) {
        let stop = AsyncStream.makeStream(of: StopReason.self)
        let terminal = ControllingTerminal()
        let node = try await assemble(state, choice.token, directory, kernel)
        do throws(DaemonError) {
            try await start(node, stop.continuation)
        } catch {
            await takeDown(node)
            throw error
        }
        log.notice("node ready", metadata: ["interface": "\(settings.interface)", "peer": "\(state.identity.peerID)"])
        announce(choice.isNew ? await node.engine.joinToken() : nil)
        serviceManager.isReady()
        let watchdog = ServiceWatchdog(serviceManager, on: executor.eventLoop)
        var reason = StopReason.signal(SIGTERM)
        for await event in stop.stream {
            if case .signal(SIGHUP) = event, !terminal.isGone {
                await applyReloaded(node.engine)
                continue
            }
            reason = event
            break
        }
        watchdog?.stop()
        serviceManager.isStopping()
        log.notice("node stopping")
        if case .leave = reason { await leave(node, state, directory) } else { await node.engine.saveNow() }
        await takeDown(node)
    }

    /// SIGHUP: what can change without a restart does, and what cannot is said.
    private func applyReloaded(_ engine: Engine) async {
        serviceManager.isReloading()
        do {
            let reloaded = try reload()
            logLevel.level = reloaded.settings.logLevel
            await engine.apply(reloaded.settings)
            for setting in reloaded.waitingForRestart {
                log.warning("setting changed, restart to apply it", metadata: ["setting": "\(setting)"])
            }
            log.notice("settings read again")
        } catch {
            log.error("settings not read again", metadata: ["reason": "\(error)"])
        }
        serviceManager.isReady()
    }

    private struct Node {
        let engine: Engine
        let host: PeerHost
        let network: NetworkReconciler
        let names: NamesPublisher?
        let kernel: KernelNetwork
    }

    private func assemble(
        _ state: NodeState, _ token: JoinToken, _ directory: StateDirectory, _ kernel: KernelNetwork
    ) async throws(DaemonError) -> Node {
        let log = self.log
        let names =
            settings.publishesNames
            ? NamesPublisher(ranges: token.overlay.prefixes, port: settings.answeredPort, executor: executor, log: log) : nil
        let network = NetworkReconciler(
            kernel: kernel, choice: settings.wireguard, tunnels: groundwork.tunnels, executor: executor, log: log, metrics: metrics)
        let parts = EngineParts(
            executor: executor, settings: settings, token: token, identity: state.identity, wireguardKey: state.wireguardKey,
            wireguardPublicKey: try publicKey(state), kernel: kernel, network: network, names: names,
            surroundings: try await kernel.surroundings(interface: settings.interface, overlay: token.overlay),
            restored: try directory.loadMembers().map { MeshSnapshot(decoding: $0.bytes, elapsed: $0.age) }, log: log, metrics: metrics,
            saveMembers: { bytes in
                do {
                    try directory.saveMembers(bytes)
                    try directory.saveCopy()
                } catch { log.error("members not saved", metadata: ["reason": "\(error)"]) }
            })
        let engine = Engine(parts)
        guard let key = PrivateNetworkKey(bytes: token.secret.bytes) else { throw .internalFault("the secret is no network key") }
        let host = PeerHost(
            configuration: PeerHostConfiguration(
                identity: state.identity, networkKey: key, security: [NoiseSecurity(), TLSSecurity(unixSeconds: WallClock.seconds)],
                messageProtocols: [Engine.syncProtocol], agentVersion: WeftVersion.agent,
                autoNAT: Engine.reachabilityCheck(beside: token.overlay)),
            executor: executor
        ) { event in
            engine.assumeIsolated { $0.post(.host(event)) }
        }
        await engine.attach(host)
        return Node(engine: engine, host: host, network: network, names: names, kernel: kernel)
    }

    private func publicKey(_ state: NodeState) throws(DaemonError) -> WireGuardPublicKey {
        guard let key = state.wireguardPublicKey else { throw .internalFault("the WireGuard key has no public key") }
        return key
    }

    /// Each step can fail with words for the user, and those that fail first cost least.
    private func start(_ node: Node, _ stop: AsyncStream<StopReason>.Continuation) async throws(DaemonError) {
        try await listen(node.host, node.kernel)
        let pages = try await WebPages.start(settings, exposition, on: executor) { await node.engine.status() }
        await node.engine.attach(pages)
        await node.host.subscribe(Engine.recordsTopic, TopicPolicy(signing: .none, validation: .external))
        await node.engine.post(.started)
        if let desired = await node.engine.desiredNetwork() { try await node.network.start(desired) }
        if let names = groundwork.names { await node.names?.feed(names) }
        await node.engine.post(.networkReady)
        try await answerCommands(node, stop)
        try await heedMachine(node, stop)
    }

    /// The interface must be ours or not be, and the ports be ours or free. First of all checks: a second node on a machine, which
    /// is what this mostly finds, has other faults as well, and this is the one to mend.
    private func checkInterface(_ kernel: KernelNetwork, _ state: NodeState) async throws(DaemonError) {
        for address in try await listenAddresses(kernel) where !PortProbe.isFree(address, .tcp) {
            throw DaemonError(ListenError.addressInUse(address))
        }
        let deadline = Instant.now() + Self.survivorPatience
        while true {
            do throws(DaemonError) {
                return try await checkTunnel(kernel, state)
            } catch {
                guard Instant.now() < deadline else { throw error }
            }
            try? await executor.eventLoop.scheduleTask(in: Self.survivorPause) {}.futureResult.get()
        }
    }

    private func checkTunnel(_ kernel: KernelNetwork, _ state: NodeState) async throws(DaemonError) {
        if try await kernel.isLeftBehind(settings.interface, by: try publicKey(state)) { return }
        let everywhere = IPAddresses.SocketAddress(IPAddress(family: .ipv6, value: 0), port: settings.wireguardPort)
        guard PortProbe.isFree(everywhere, .udp) else { throw .wireguardPortInUse(settings.wireguardPort) }
    }

    private func listenAddresses(_ kernel: KernelNetwork) async throws(DaemonError) -> [IPAddresses.SocketAddress] {
        if let address = settings.bindAddress { return [IPAddresses.SocketAddress(address, port: settings.clusterPort)] }
        guard let name = settings.bindInterface else {
            return [IPAddresses.SocketAddress(IPAddress(family: .ipv6, value: 0), port: settings.clusterPort)]
        }
        let addresses = try await kernel.addresses(ofInterface: name)
        guard !addresses.isEmpty else { throw .noSuchInterface(name) }
        return addresses.map { IPAddresses.SocketAddress($0, port: settings.clusterPort) }
    }

    private func listen(_ host: PeerHost, _ kernel: KernelNetwork) async throws(DaemonError) {
        for address in try await listenAddresses(kernel) {
            do throws(ListenError) {
                _ = try await host.listen(on: address)
            } catch {
                throw DaemonError(error)
            }
        }
    }

    private func answerCommands(_ node: Node, _ stop: AsyncStream<StopReason>.Continuation) async throws(DaemonError) {
        do throws(LocalAPIError) {
            let server = try await LocalServer.start(
                groundwork.commands, on: executor,
                subscribe: { channel in node.names?.assumeIsolated { $0.subscribe(channel) } ?? false }
            ) { request in
                switch request.command {
                case .status:
                    return LocalResponse(status: await node.engine.status())
                case .token:
                    return LocalResponse(token: await node.engine.joinToken().text)
                case .leave:
                    stop.yield(.leave)
                    return LocalResponse()
                case .forget:
                    return LocalResponse(error: await node.engine.forget(request.name ?? ""))
                case .ping:
                    return await node.engine.ping(request.name ?? "")
                case .names:
                    return LocalResponse()
                case .logLevel:
                    guard let level = request.level.flatMap(Logger.Level.init(rawValue:)) else {
                        return LocalResponse(error: "no such level")
                    }
                    logLevel.level = level
                    return LocalResponse()
                }
            }
            await node.engine.attach(server)
        } catch {
            throw .localSocket("\(error)")
        }
    }

    /// Changes of the network, and signals. It takes a millisecond, and need not be first: the first dials are under way meanwhile.
    private func heedMachine(_ node: Node, _ stop: AsyncStream<StopReason>.Continuation) async throws(DaemonError) {
        do throws(LinuxNetworkError) {
            _ = try await node.kernel.observeChanges { event in node.engine.assumeIsolated { $0.post(.kernel(event)) } }
        } catch {
            throw DaemonError(error)
        }
        await node.engine.post(.lookDue)  // the first look was before the interface was made, which can take a while
        do {
            try await signals.deliver(on: executor.eventLoop) { stop.yield(.signal($0)) }
        } catch {
            throw .internalFault("no signals: \(error)")
        }
    }

    /// Whatever fails here, the node ends: what could not be forgotten is said.
    private func leave(_ node: Node, _ state: NodeState, _ directory: StateDirectory) async {
        await node.engine.post(.leave)
        var state = state
        state.mesh = nil
        do {
            try directory.save(state)
            try directory.saveCopy()
        } catch { log.error("mesh not forgotten", metadata: ["reason": "\(error)"]) }
        try? await executor.eventLoop.scheduleTask(in: Self.leaveGrace) {}.futureResult.get()
        await node.engine.stopSaving()
        directory.removeMembers()
    }

    private func takeDown(_ node: Node) async {
        await node.engine.server?.stop()
        await node.engine.pages?.stop()
        await node.engine.post(.stop)
        await node.engine.portMapper?.stop()
        await node.host.shutDown()
        await node.names?.stop()
        await node.network.remove()
    }
}
