import WireGuard

#if canImport(Glibc)
    import Glibc
#endif

/// What happens on a device's thread. Calls block, each for a bounded time.
struct DeviceWorker: Sendable {
    private enum State: Sendable {
        /// Can become `running`, or stay when the start fails.
        case idle
        /// Can become `ended`.
        case running(ChildProcess)
        /// The last state.
        case ended(UserspaceWireGuardError.Kind)
    }

    let program: UserspaceProgram
    let interface: String
    let limits: UserspaceWireGuardDevice.Limits
    let onEnd: @Sendable (UserspaceWireGuardError) -> Void
    private var state = State.idle

    init(
        program: UserspaceProgram, interface: String, limits: UserspaceWireGuardDevice.Limits,
        onEnd: @escaping @Sendable (UserspaceWireGuardError) -> Void
    ) {
        self.program = program
        self.interface = interface
        self.limits = limits
        self.onEnd = onEnd
    }

    var watchedDescriptors: [Int32] {
        if case .running(let child) = state { [child.outputDescriptor] } else { [] }
    }

    var processID: Int32? {
        if case .running(let child) = state { child.id } else { nil }
    }

    /// Notices that a running child has ended.
    mutating func watchChild() {
        guard case .running(var child) = state else { return }
        if child.drainOutput() {
            state = .running(child)
        } else {
            onEnd(error(childEnded(&child)))
        }
    }

    /// With `tun` we make the interface, else the program opens /dev/net/tun and makes it.
    mutating func start(tun: TunAccess?) throws(UserspaceWireGuardError) {
        try checkSurroundings(opensTun: tun == nil)
        var child = try startChild(tun)
        if let failure = waitForSocket(&child) {
            throw error(failure)
        }
        state = .running(child)
    }

    private func startChild(_ tun: TunAccess?) throws(UserspaceWireGuardError) -> ChildProcess {
        let start: (Int32) -> Result<ChildProcess, SystemError> = { passed in
            ChildProcess.start(
                path: program.path, arguments: program.arguments(interface: interface),
                environment: program.environment(passedTun: passed >= 0), passing: passed)
        }
        let started = tun.map { $0.attach(interface, askFraming(), start).flatMap { $0 } } ?? start(-1)
        do {
            return try started.get()
        } catch let failure where failure.call == "TUNSETIFF" && failure.errno == EBUSY {
            throw error(.interfaceNameTaken)
        } catch {
            throw self.error(.systemCall(error.call, errno: error.errno))
        }
    }

    private func askFraming() -> TunFraming {
        let started = ChildProcess.start(path: program.path, arguments: program.versionArguments, environment: [])
        guard case .success(var child) = started else { return program.tunFraming(version: "") }
        let deadline = ContinuousClock.now + limits.requestTimeout
        while child.drainOutput(), ContinuousClock.now < deadline { _ = waitForInput([child.outputDescriptor], timeout: deadline - .now) }
        _ = child.reap()
        return program.tunFraming(version: child.output)
    }

    /// Ends the child; nothing happens if it has ended already.
    mutating func end() {
        guard case .running(var child) = state else { return }
        _ = child.end(grace: limits.endGrace)
        removeDeadSocket()
        state = .ended(.removed)
    }

    mutating func exchange(_ request: [UInt8]) throws(UserspaceWireGuardError) -> [UInt8] {
        watchChild()
        switch state {
        case .running: break
        case .idle: throw error(.removed)
        case .ended(let kind): throw error(kind)
        }
        do throws(SystemError) {
            let socket = try UAPISocket(path: uapiSocketPath(interface), timeout: limits.requestTimeout)
            return try socket.exchange(request, limit: limits.uapi.replyBytes, deadline: .now + limits.requestTimeout)
        } catch let failure {
            throw error(failure.errno == EAGAIN ? .timedOut : .systemCall(failure.call, errno: failure.errno))
        }
    }

    func error(_ kind: UserspaceWireGuardError.Kind) -> UserspaceWireGuardError {
        UserspaceWireGuardError(kind, interface: interface, program: program.kind.rawValue)
    }
}

extension DeviceWorker {
    private mutating func childEnded(_ child: inout ChildProcess) -> UserspaceWireGuardError.Kind {
        let kind = UserspaceWireGuardError.Kind.ended(child.reap())
        removeDeadSocket()
        state = .ended(kind)
        return kind
    }

    /// What the program would fail on with less helpful words.
    private func checkSurroundings(opensTun: Bool) throws(UserspaceWireGuardError) {
        guard isInterfaceName(interface) else { throw error(.invalidInterfaceName) }
        guard if_nametoindex(interface) == 0 else { throw error(.interfaceNameTaken) }
        if opensTun, access("/dev/net/tun", R_OK | W_OK) != 0 { throw error(.noTunDevice(errno: errno)) }
        guard (try? UAPISocket(path: uapiSocketPath(interface), timeout: limits.requestTimeout)) == nil else { throw error(.socketTaken) }
    }

    /// Returns when the child accepts connections (`nil`), or why it never will; then it is reaped.
    /// Between its `bind` and its `listen` nothing tells us, so this asks again after pauses that grow.
    private mutating func waitForSocket(_ child: inout ChildProcess) -> UserspaceWireGuardError.Kind? {
        let deadline = ContinuousClock.now + limits.startTimeout
        var pause = Duration.milliseconds(1)
        while ContinuousClock.now < deadline {
            if let listener = listeningProcess {
                if listener == child.id || listener <= 0 { return nil }
                _ = child.end(grace: limits.endGrace)
                return .socketTaken
            }
            // Ends at once when the child does: its output closes.
            _ = waitForInput([child.outputDescriptor], timeout: pause)
            if !child.drainOutput() { return childEnded(&child) }
            pause = min(pause * 2, limits.longestStartPause)
        }
        _ = child.end(grace: limits.endGrace)
        removeDeadSocket()
        return .startTimedOut
    }

    private var listeningProcess: pid_t? {
        guard let socket = try? UAPISocket(path: uapiSocketPath(interface), timeout: limits.requestTimeout) else { return nil }
        return socket.peerProcess
    }

    /// A program that was killed leaves its socket file. Only one that nobody listens on is removed.
    private func removeDeadSocket() {
        let path = uapiSocketPath(interface)
        do throws(SystemError) {
            _ = try UAPISocket(path: path, timeout: limits.requestTimeout)
        } catch let failure {
            if failure.errno == ECONNREFUSED { unlink(path) }
        }
    }
}

/// What both the kernel and a program's command line take: no pattern (`%d`), no path, no option.
func isInterfaceName(_ name: String) -> Bool {
    guard (1...15).contains(name.utf8.count), name != ".", name != "..", name.utf8.first != UInt8(ascii: "-") else { return false }
    return name.utf8.allSatisfy { character in
        switch character {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "_=+.-".utf8.contains(character)
        }
    }
}
