import CChildProcess
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// `/dev/net/tun`, opened. On many systems root alone may open it: a daemon that gives up root opens it before, and with
/// CAP_NET_ADMIN alone can make the interface later. Good for one start of a device, in the network namespace in which it
/// was opened.
package final class TunAccess: Sendable {
    /// -1 once it is used: an interface lives as long as any copy is open, and it must end with the program.
    private let descriptor: Mutex<Int32>

    package init() throws(UserspaceWireGuardError) {
        let opened = open("/dev/net/tun", O_RDWR | O_CLOEXEC)
        guard opened >= 0 else { throw UserspaceWireGuardError(.noTunDevice(errno: errno), interface: "") }
        descriptor = Mutex(opened)
    }

    deinit {
        let unused = take()
        if unused >= 0 { close(unused) }
    }

    /// Makes the interface and calls `body` with the descriptor that it lives by.
    func attach<Value>(_ interface: String, _ framing: TunFraming, _ body: (Int32) -> Value) -> Result<Value, SystemError> {
        let taken = take()
        guard taken >= 0 else { return .failure(SystemError("TUNSETIFF", errno: EBADF)) }
        defer { close(taken) }
        let error = weft_tun_attach(taken, interface, framing == .packetInformation)
        return error == 0 ? .success(body(taken)) : .failure(SystemError("TUNSETIFF", errno: error))
    }

    private func take() -> Int32 {
        descriptor.withLock { descriptor in
            defer { descriptor = -1 }
            return descriptor
        }
    }
}

/// How packets stand in an interface that a program is given (Linux Documentation/networking/tuntap.rst, section 3.2).
enum TunFraming: Hashable {
    case bare
    /// Four bytes before each: flags and protocol.
    case packetInformation
}
