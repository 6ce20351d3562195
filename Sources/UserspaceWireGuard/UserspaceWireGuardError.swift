#if canImport(Glibc)
    import Glibc
#endif

/// Why a userspace WireGuard device could not be started, read or changed. Its text tells what to do.
package struct UserspaceWireGuardError: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case invalidInterfaceName
        case notInstalled
        /// An interface of that name exists in this network namespace.
        case interfaceNameTaken
        /// A living process listens on the socket of that name; it may be in another network namespace.
        case socketTaken
        case noTunDevice(errno: Int32)
        /// Our side could not do `call`.
        case systemCall(String, errno: Int32)
        /// The program ended: while it started, or later.
        case ended(ChildEnd)
        /// It did not open its socket in time.
        case startTimedOut
        /// It did not answer in time.
        case timedOut
        /// It refused a request.
        case refused(errno: Int32)
        case badReply(UAPI.Fault)
        /// `remove()` was called.
        case removed
    }

    package let kind: Kind
    package let interface: String
    /// Name of the program, if one was chosen.
    package let program: String?

    package init(_ kind: Kind, interface: String, program: String? = nil) {
        self.kind = kind
        self.interface = interface
        self.program = program
    }
}

/// How a program ended, and the last line that it wrote (printable ASCII, bounded).
package struct ChildEnd: Hashable, Sendable {
    package enum Status: Hashable, Sendable {
        case exited(Int32)
        case killed(signal: Int32)
    }

    package let status: Status
    package let lastLine: String

    package init(status: Status, lastLine: String) {
        self.status = status
        self.lastLine = lastLine
    }
}

extension ChildEnd: CustomStringConvertible {
    package var description: String {
        let how =
            switch status {
            case .exited(let code): "ended with status \(code)"
            case .killed(let signal): "was ended by signal \(signal)"
            }
        return lastLine.isEmpty ? how : "\(how): \(lastLine)"
    }
}

extension UserspaceWireGuardError: CustomStringConvertible {
    package var description: String {
        let program = self.program ?? "userspace WireGuard"
        switch kind {
        case .invalidInterfaceName:
            return "\(interface.debugDescription) is no name for a network interface:"
                + " 1 to 15 letters, digits and any of _ = + . - (not first)"
        case .notInstalled:
            return "no userspace WireGuard is installed: install wireguard-go (Debian: apt install wireguard-go),"
                + " or use a kernel with WireGuard (modprobe wireguard)"
        case .interfaceNameTaken:
            return "the network interface \(interface) exists already:"
                + " choose another name with --interface, or remove it with: ip link delete \(interface)"
        case .socketTaken:
            return "another process drives a WireGuard device named \(interface), perhaps in another network namespace"
                + " (\(uapiSocketPath(interface))): choose another name with --interface"
        case .noTunDevice(let error):
            return "\(program) needs /dev/net/tun (\(text(of: error))): load the module with: modprobe tun;"
                + " in a container, pass the device in (--device /dev/net/tun)"
        case .systemCall(let call, let error):
            return "could not drive \(program) for \(interface): \(call): \(text(of: error))"
        case .ended(let end):
            return "\(program) for \(interface) \(end)"
        case .startTimedOut:
            return "\(program) for \(interface) did not open \(uapiSocketPath(interface)) in time"
        case .timedOut:
            return "\(program) for \(interface) did not answer in time"
        case .refused(let error):
            return "\(program) refused to configure \(interface): \(text(of: error))"
        case .badReply(let fault):
            return "\(program) gave an answer for \(interface) that could not be understood: \(fault)"
        case .removed:
            return "\(interface) was removed"
        }
    }

    private func text(of error: Int32) -> String {
        String(cString: strerror(error))
    }
}
