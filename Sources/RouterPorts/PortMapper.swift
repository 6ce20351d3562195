import IPAddresses
import LoopRuntime
import NIOCore
import PortMapping
import Timeline

/// Has routers forward ports to this node, as long as it runs: carries out what `PortMappingPlanner` decides. It needs no rights.
///
/// At rest it has one socket for each router that maps something, and one that hears routers announce that they have started again.
package actor PortMapper {
    private typealias Planner = PortMappingPlanner<SystemRandomNumberGenerator>

    package nonisolated let executor: LoopExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private var planner: Planner
    private let onChange: @Sendable ([MappedPort]) -> Void
    private let onNote: @Sendable (PortMappingNote) -> Void
    private let clock: @Sendable () -> Instant
    private var timer: LoopTimer?
    private var datagrams: [Router: DatagramSocket] = [:]
    private var searches: [Router: DatagramSocket] = [:]
    private var announcements: DatagramSocket?
    private var inbox: [PortMappingInput] = []
    private var isProcessing = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var isStopped = false

    /// - Parameters:
    ///   - onChange: called on the loop with all mappings that there are, whenever they are others than before. Those that are not public
    ///     are among them: they are of no use to offer.
    ///   - onNote: called on the loop with what is worth a line in the log; never often.
    package init(
        executor: LoopExecutor, identity: PortMappingIdentity, configuration: PortMappingConfiguration = PortMappingConfiguration(),
        clock: @escaping @Sendable () -> Instant = Instant.now, onChange: @escaping @Sendable ([MappedPort]) -> Void,
        onNote: @escaping @Sendable (PortMappingNote) -> Void = { _ in }
    ) {
        self.executor = executor
        self.clock = clock
        self.onChange = onChange
        self.onNote = onNote
        planner = Planner(identity: identity, configuration: configuration, generator: SystemRandomNumberGenerator())
    }

    /// These ports shall be reachable, and these are the routers, best first; all that was said before does not count any more. To be called
    /// whenever a default route or the address towards it changes; the same again costs nothing.
    package func want(ports: [LocalPort], routers: [Router]) {
        post(.want(ports: ports, routers: routers))
        let hearsAnnouncements = !ports.isEmpty && routers.contains { $0.address.family == .ipv4 }
        if hearsAnnouncements, usable(announcements) == nil, !isStopped { listen() }
        if !hearsAnnouncements { stopListening() }
    }

    /// Asks soon instead of when it is due: e.g. a link is up again, behind which the router may have started again.
    package func recheck() {
        post(.recheck)
    }

    /// Removes all mappings, and returns after at most `PortMappingConfiguration.farewell`. Nothing happens afterwards.
    package func stop() async {
        guard !isStopped else { return }
        await withCheckedContinuation { continuation in
            waiting.append(continuation)
            post(.stop)
        }
    }

    // MARK: The planner

    /// Takes an input at once, or behind the one that is being processed.
    private func post(_ input: PortMappingInput) {
        inbox.append(input)
        guard !isProcessing else { return }
        isProcessing = true
        while !inbox.isEmpty {
            let inputs = inbox
            inbox = []
            for input in inputs { planner.handle(input, now: clock()).forEach(carryOut) }
        }
        isProcessing = false
        setTimer()
    }

    private func setTimer() {
        if timer == nil {
            timer = LoopTimer(eventLoop: executor.eventLoop, clock: clock) { [weak self] in
                self?.assumeIsolated { $0.post(.deadlineReached) }
            }
        }
        timer?.set(planner.nextDeadline)
    }

    private func carryOut(_ action: PortMappingAction) {
        switch action {
        case .send(let bytes, let router): send(bytes, to: router)
        case .search(let bytes, let target, let router): search(bytes, to: target, for: router)
        case .endSearch(let router): searches.removeValue(forKey: router)?.close()
        case .request(let id, let request, let router): carryOut(request, id, router)
        case .close(let router): datagrams.removeValue(forKey: router)?.close()
        case .changed(let mappings): onChange(mappings)
        case .note(let note): onNote(note)
        case .stopped: stopped()
        }
    }

    private func stopped() {
        isStopped = true
        stopListening()
        for continuation in waiting { continuation.resume() }
        waiting = []
    }

    // MARK: Sockets

    private func send(_ bytes: [UInt8], to router: Router) {
        let socket = usable(datagrams[router]) ?? newSocket(to: router)
        datagrams[router] = socket
        socket.send(bytes)
    }

    private func newSocket(to router: Router) -> DatagramSocket {
        DatagramSocket(
            .connected(router), on: executor.eventLoop,
            onDatagram: { [weak self] bytes, _ in self?.assumeIsolated { $0.post(.datagram(bytes, from: router)) } },
            onFailure: { [weak self] in self?.assumeIsolated { $0.post(.unreachable(router)) } })
    }

    private func search(_ bytes: [UInt8], to target: IPAddresses.SocketAddress, for router: Router) {
        let socket = usable(searches[router]) ?? newSearch(for: router)
        searches[router] = socket
        socket.send(bytes, to: target)
    }

    private func newSearch(for router: Router) -> DatagramSocket {
        DatagramSocket(.bound(router.ownAddress, port: 0), on: executor.eventLoop) { [weak self] bytes, source in
            guard let source else { return }
            self?.assumeIsolated { $0.post(.searchAnswer(bytes, from: source.address, for: router)) }
        }
    }

    private func usable(_ socket: DatagramSocket?) -> DatagramSocket? {
        socket.flatMap { $0.isUsable ? $0 : nil }
    }

    private func carryOut(_ request: HTTPRequest, _ id: HTTPRequestID, _ router: Router) {
        DeviceRequest.carryOut(request, from: router.ownAddress, on: executor.eventLoop) { [weak self] answer in
            self?.assumeIsolated { $0.post(.answered(id, answer, from: router)) }
        }
    }

    /// Where the port is taken, or the socket breaks, nothing is heard; a router that has started again is noticed at the next renewal then.
    private func listen() {
        announcements = DatagramSocket(.announcements(port: NATPMP.announcementPort), on: executor.eventLoop) { [weak self] bytes, source in
            guard let source else { return }
            self?.assumeIsolated { $0.post(.announcement(bytes, from: source.address, port: source.port)) }
        }
    }

    private func stopListening() {
        announcements?.close()
        announcements = nil
    }
}
