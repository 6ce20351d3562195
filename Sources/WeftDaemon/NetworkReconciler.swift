import LinuxNetwork
import Logging
import LoopRuntime
import Mesh
import NodeMetrics
import Timeline
import WireGuard

/// Brings the kernel from what it is to what it should be, again and again: observe, plan, apply what differs.
///
/// One run at a time; a wish that comes meanwhile is taken up by the next. After an error it observes again, later and later.
actor NetworkReconciler {
    private static let minimumRetryDelay: Duration = .seconds(1)
    private static let maximumRetryDelay: Duration = .seconds(60)

    private nonisolated let executor: LoopExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let kernel: KernelNetwork
    private let choice: DaemonSettings.WireGuardChoice
    private let tunnels: TunReserve
    private let log: Logger
    private let metrics: NodeMetrics
    private var device: (any WireGuardDevice)?
    private var wanted: DesiredNetwork?
    /// Until then a wish is only noted.
    private var isStarted = false
    private var isRunning = false
    /// Something has changed since the last look.
    private var isDirty = false
    private var isStopped = false
    /// An address that datagrams were sent from is gone.
    private var isSourceGone = false
    private var greetings = Greetings()
    private var greetingTimer: LoopTimer?
    private var retryTimer: LoopTimer?
    private var retryDelay = minimumRetryDelay
    /// What does not work right now, for the status.
    private(set) var problem: String?

    init(
        kernel: KernelNetwork, choice: DaemonSettings.WireGuardChoice, tunnels: TunReserve, executor: LoopExecutor, log: Logger,
        metrics: NodeMetrics
    ) {
        self.executor = executor
        self.kernel = kernel
        self.choice = choice
        self.tunnels = tunnels
        self.log = log
        self.metrics = metrics
    }

    /// Who implements WireGuard here.
    var implementation: String { device?.implementation ?? choice.rawValue }

    /// A userspace program that ends takes its interface with it: it is made anew.
    private var backend: WireGuardBackend {
        WireGuardBackend(choice: choice, kernel: kernel, tunnels: tunnels) { [executor] in
            executor.eventLoop.execute { self.assumeIsolated { $0.check() } }
        }
    }

    /// Sets what should be, and carries it out for the first time; throws when that cannot be, so a node that cannot work does not start.
    ///
    /// With nobody to implement WireGuard it stays as before the start: wishes are noted, and that is all.
    func start(_ desired: DesiredNetwork) async throws(DaemonError) {
        wanted = desired
        guard choice != .nobody else { return problem = "no interface and no tunnels: started with --wireguard none" }
        isStarted = true
        isRunning = true
        do {
            try await reconcile(desired)
        } catch {
            isStopped = true
            throw DaemonError(error, wireguardPort: desired.listenPort)
        }
        isRunning = false
        if isDirty { schedule() }
    }

    /// Sets what should be. Errors are logged, kept as `problem`, and tried again.
    func want(_ desired: DesiredNetwork) {
        guard desired != wanted else { return }
        wanted = desired
        schedule()
    }

    /// Something has changed in the kernel: look whether it still is as it should be.
    func check() {
        schedule()
    }

    /// This machine has lost an address: the device must not go on sending from it.
    func loseSource() {
        isSourceGone = true
        schedule()
    }

    /// The device's state, for the status.
    func observe() async -> DeviceState? {
        try? await device?.observe()
    }

    func remove() async {
        isStopped = true
        retryTimer?.set(nil)
        greetingTimer?.set(nil)
        await device?.remove()
        device = nil
    }

    private func schedule() {
        isDirty = true
        guard isStarted, !isRunning, !isStopped else { return }
        isRunning = true
        Task(executorPreference: executor) { await self.runUntilClean() }
    }

    private func runUntilClean() async {
        while isDirty, !isStopped, let desired = wanted {
            isDirty = false
            do {
                try await reconcile(desired)
                succeeded()
            } catch {
                failed(DaemonError(error, wireguardPort: desired.listenPort))
            }
        }
        isRunning = false
    }

    private func reconcile(_ desired: DesiredNetwork) async throws {
        let observed = try await observe(desired.interface)
        greetings.note(desired, observed: observed, now: .now())
        let plan = Mesh.plan(desired: desired, observed: observed, nowUnixSeconds: Int64(WallClock.milliseconds() / 1000))
        for line in plan.lines { log.debug("network change", metadata: ["change": "\(line)"]) }
        for change in plan.changes {
            if isStopped { return }
            try await apply(change, desired.interface)
            metrics.count(.networkChange)
        }
        try await greet(desired, observed)
        if isSourceGone, let device {
            isSourceGone = false
            try await renewEndpoints(of: device)
        }
    }

    private func greet(_ desired: DesiredNetwork, _ observed: ObservedNetwork) async throws {
        let changes = greetings.take(desired, observed: observed, now: .now())
        if !changes.isEmpty { try await device?.apply(changes) }
        greetingTimer = greetingTimer ?? LoopTimer(eventLoop: executor.eventLoop) { self.assumeIsolated { $0.schedule() } }
        greetingTimer?.set(greetings.nextDeadline)
    }

    /// wireguard-go keeps the source address of each peer until a handshake fails, some 15 s; it forgets it when the endpoint is set, be
    /// it to the same. To the kernel that is no change.
    private func renewEndpoints(of device: any WireGuardDevice) async throws {
        let peers = try await device.observe().peers.sorted { $0.key < $1.key }
        try await device.apply(
            peers.compactMap { key, peer in
                peer.endpoint.map { endpoint in
                    var change = PeerChange(publicKey: key)
                    change.endpoint = endpoint
                    return .setPeer(change)
                }
            })
    }

    private func succeeded() {
        if problem != nil { log.notice("network repaired") }
        problem = nil
        retryDelay = Self.minimumRetryDelay
        retryTimer?.set(nil)
    }

    private func failed(_ error: DaemonError) {
        metrics.count(.networkFailure)
        if problem != error.description { log.error("network not set up", metadata: ["reason": "\(error)"]) }
        problem = error.description
        retryTimer = retryTimer ?? LoopTimer(eventLoop: executor.eventLoop) { self.assumeIsolated { $0.schedule() } }
        retryTimer?.set(.now() + retryDelay)
        retryDelay = min(retryDelay * 2, Self.maximumRetryDelay)
    }

    // MARK: Observe and apply

    private func observe(_ interface: String) async throws -> ObservedNetwork {
        if try await kernel.link(named: interface) == nil {
            await device?.remove()
            device = nil
        } else if device == nil {
            device = try await backend.adopt(interface)
        }
        return try await kernel.observe(interface, device: device)
    }

    private func apply(_ change: NetworkChange, _ interface: String) async throws {
        switch change {
        case .createInterface(let name): device = try await backend.create(name)
        case .device(let changes): try await device?.apply(changes)
        case .setMTU, .removeAddress, .addAddress, .setUp, .removeRoute, .addRoute: try await kernel.apply(change, to: interface)
        }
    }
}
