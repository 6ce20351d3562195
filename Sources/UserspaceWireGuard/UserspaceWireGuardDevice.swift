import Crypto
import WireGuard

/// A WireGuard interface that a program in userspace provides: `wireguard-go` or `boringtun-cli`, started as our child and
/// driven over its socket. The interface ends with the child, and the child with us. All waiting is done on one thread of
/// its own.
package final class UserspaceWireGuardDevice: WireGuardDevice {
    package struct Limits: Hashable, Sendable {
        /// From the start of the program until its socket accepts a connection.
        package var startTimeout = Duration.seconds(10)
        package var longestStartPause = Duration.milliseconds(20)
        package var requestTimeout = Duration.seconds(5)
        /// Between SIGTERM and SIGKILL.
        package var endGrace = Duration.seconds(2)
        package var uapi = UAPI.Limits()

        package init() {}
    }

    package let interface: String
    package let program: UserspaceProgram
    private let limits: Limits
    private let thread: DeviceThread

    package var implementation: String { program.kind.rawValue }

    /// Starts `program` and waits until it can be driven. The interface is down and has no address then.
    ///
    /// - Parameters:
    ///   - tun: needed where we may not open `/dev/net/tun` (any more)
    ///   - onEnd: called on a thread of this device when the program ends by itself: somebody removed the interface,
    ///     or it crashed. Not called for `remove()`, nor when the start fails.
    package static func start(
        _ program: UserspaceProgram, interface: String, tun: TunAccess? = nil, limits: Limits = Limits(),
        onEnd: @escaping @Sendable (UserspaceWireGuardError) -> Void = { _ in }
    ) async throws(UserspaceWireGuardError) -> UserspaceWireGuardDevice {
        let worker = DeviceWorker(program: program, interface: interface, limits: limits, onEnd: onEnd)
        guard let thread = DeviceThread(worker) else {
            throw worker.error(.systemCall("pthread_create", errno: 0))
        }
        let device = UserspaceWireGuardDevice(interface: interface, program: program, limits: limits, thread: thread)
        try await device.perform { (worker) throws(UserspaceWireGuardError) in
            try worker.start(tun: tun)
        }
        return device
    }

    private init(interface: String, program: UserspaceProgram, limits: Limits, thread: DeviceThread) {
        self.interface = interface
        self.program = program
        self.limits = limits
        self.thread = thread
    }

    deinit {
        _ = thread.close { $0.end() }
    }

    package func observe() async throws -> DeviceState {
        let limits = self.limits
        let dump = try await perform { (worker) throws(UserspaceWireGuardError) in
            let reply = try worker.exchange(UAPI.getRequest)
            return try worker.understand { () throws(UAPI.Fault) in try UAPI.decodeDump(reply, limits: limits.uapi) }
        }
        return dump.stateWithPublicKey
    }

    package func apply(_ changes: [DeviceChange]) async throws {
        let limits = self.limits
        let requests = UAPI.setRequests(for: changes, limits: limits.uapi)
        guard !requests.isEmpty else { return }
        try await perform { (worker) throws(UserspaceWireGuardError) in
            for request in requests {
                let reply = try worker.exchange(request)
                try worker.understand { () throws(UAPI.Fault) in try UAPI.decodeSetReply(reply, limits: limits.uapi) }
            }
        }
    }

    package func remove() async {
        await withCheckedContinuation { continuation in
            let posted = thread.close { worker in
                worker.end()
                continuation.resume()
            }
            if !posted { continuation.resume() }
        }
    }

    /// `nil` when the program has ended.
    var processID: Int32? {
        get async {
            try? await perform { (worker) throws(UserspaceWireGuardError) in worker.processID }
        }
    }

    private func perform<Value: Sendable>(
        _ job: @escaping @Sendable (inout DeviceWorker) throws(UserspaceWireGuardError) -> Value
    ) async throws(UserspaceWireGuardError) -> Value {
        let result: Result<Value, UserspaceWireGuardError> = await withCheckedContinuation { continuation in
            let posted = thread.post { worker in
                do throws(UserspaceWireGuardError) {
                    continuation.resume(returning: .success(try job(&worker)))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
            if !posted {
                continuation.resume(returning: .failure(UserspaceWireGuardError(.removed, interface: interface, program: implementation)))
            }
        }
        return try result.get()
    }
}

extension DeviceWorker {
    fileprivate func understand<Value>(_ decode: () throws(UAPI.Fault) -> Value) throws(UserspaceWireGuardError) -> Value {
        do throws(UAPI.Fault) {
            return try decode()
        } catch .refused(let number) {
            throw error(.refused(errno: number))
        } catch {
            throw self.error(.badReply(error))
        }
    }
}

extension UAPI.Dump {
    /// The state with the public key, which the protocol leaves to be derived from the private one.
    fileprivate var stateWithPublicKey: DeviceState {
        var state = self.state
        if state.publicKey == nil, let privateKey,
            let key = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: privateKey.bytes)
        {
            state.publicKey = WireGuardPublicKey(bytes: key.publicKey.rawRepresentation)
        }
        return state
    }
}
