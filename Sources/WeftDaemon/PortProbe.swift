import CLinux
import Glibc
import IPAddresses

/// Finds out whether a port is free by taking it for a moment.
///
/// Asked before anything is made: a userspace WireGuard would find a taken port too late and tell nobody.
enum PortProbe {
    enum Transport {
        case tcp
        case udp
    }

    /// Whether the port can be taken; `true` also where only another fault than "in use" was found, which shows later by itself.
    static func isFree(_ address: SocketAddress, _ transport: Transport) -> Bool {
        let descriptor = open(address.address.family, transport)
        // A machine without IPv6 has no socket for `::`; its IPv4 ports are what counts.
        guard descriptor >= 0 else {
            let any = SocketAddress(IPAddress(family: .ipv4, value: 0), port: address.port)
            return address.address.family == .ipv4 || isFree(any, transport)
        }
        defer { close(descriptor) }
        return bind(descriptor, to: address) || errno != EADDRINUSE
    }

    private static func open(_ family: IPAddress.Family, _ transport: Transport) -> CInt {
        let type = transport == .tcp ? SOCK_STREAM : SOCK_DGRAM
        let descriptor = socket(family == .ipv4 ? AF_INET : AF_INET6, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return descriptor }
        // Connections of a node that just ended linger; they are no reason to refuse.
        var on: CInt = 1
        if transport == .tcp { setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<CInt>.size)) }
        return descriptor
    }

    private static func bind(_ descriptor: CInt, to address: SocketAddress) -> Bool {
        switch address.address.family {
        case .ipv4:
            var raw = sockaddr_in()
            raw.sin_family = sa_family_t(AF_INET)
            raw.sin_port = address.port.bigEndian
            withUnsafeMutableBytes(of: &raw.sin_addr) { $0.copyBytes(from: address.address.bytes) }
            return bind(descriptor, &raw)
        case .ipv6:
            var raw = sockaddr_in6()
            raw.sin6_family = sa_family_t(AF_INET6)
            raw.sin6_port = address.port.bigEndian
            withUnsafeMutableBytes(of: &raw.sin6_addr) { $0.copyBytes(from: address.address.bytes) }
            return bind(descriptor, &raw)
        }
    }

    private static func bind<Address>(_ descriptor: CInt, _ address: inout Address) -> Bool {
        withUnsafeBytes(of: &address) { bytes in
            guard let raw = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return false }
            return Glibc.bind(descriptor, raw, socklen_t(bytes.count)) == 0
        }
    }
}
