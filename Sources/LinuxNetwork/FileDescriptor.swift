import CLinux
import Glibc

/// An open descriptor, closed with its owner.
struct FileDescriptor: ~Copyable {
    let number: Int32

    /// A socket, close-on-exec.
    init(socket domain: Int32, type: Int32, protocol: Int32) throws(LinuxNetworkError) {
        number = Glibc.socket(domain, type | Int32(SOCK_CLOEXEC.rawValue), `protocol`)
        guard number >= 0 else { throw LinuxNetworkError(errno: errno, call: "open a socket") }
    }

    deinit {
        if number >= 0 { close(number) }
    }

    /// Hands the descriptor over to somebody else, who closes it.
    consuming func released() -> Int32 {
        let number = self.number
        discard self
        return number
    }

    /// Returns 0 or an errno.
    @discardableResult
    borrowing func set(_ level: Int32, _ option: Int32, to value: some BitwiseCopyable) -> Int32 {
        let result = withUnsafeBytes(of: value) { setsockopt(number, level, option, $0.baseAddress, socklen_t($0.count)) }
        return result == 0 ? 0 : errno
    }

    /// Binds a netlink socket; the kernel chooses the port id, which is returned.
    borrowing func bindNetlink() throws(LinuxNetworkError) -> UInt32 {
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        var length = socklen_t(MemoryLayout<sockaddr_nl>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(number, generic, length) == 0 && getsockname(number, generic, &length) == 0
            }
        }
        guard bound else { throw LinuxNetworkError(errno: errno, call: "bind a netlink socket") }
        return address.nl_pid
    }
}
