import Glibc
import IPAddresses
import NIOCore
import NIOPosix

/// Looks host names up as the machine is configured to (getaddrinfo(3)), on a thread of its own that is started by the first look-up.
///
/// NIO's own resolver uses Dispatch, whose threads would tick for ever.
final class HostResolver {
    private var pool: NIOThreadPool?

    /// The addresses in the system's order of preference; empty when there are none.
    func resolve(_ host: String, family: IPAddress.Family?, on eventLoop: any EventLoop) -> EventLoopFuture<[IPAddress]> {
        let pool = self.pool ?? NIOThreadPool(numberOfThreads: 1)
        if self.pool == nil { pool.start() }
        self.pool = pool
        return pool.runIfActive(eventLoop: eventLoop) { Self.lookUp(host, family: family) }
    }

    /// Ends the thread. Look-ups that wait for it fail.
    func shutDown() {
        pool?.shutdownGracefully { _ in }
        pool = nil
    }

    private static func lookUp(_ host: String, family: IPAddress.Family?) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_family = family.map { $0 == .ipv4 ? AF_INET : AF_INET6 } ?? AF_UNSPEC
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        return sequence(first: list, next: { $0?.pointee.ai_next }).prefix { $0 != nil }.compactMap { address(of: $0?.pointee) }
    }

    private static func address(of info: addrinfo?) -> IPAddress? {
        guard let info, let raw = info.ai_addr else { return nil }
        switch info.ai_family {
        case AF_INET:
            return raw.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { pointer in
                withUnsafeBytes(of: pointer.pointee.sin_addr) { IPAddress(bytes: Array($0)) }
            }
        case AF_INET6:
            return raw.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
                withUnsafeBytes(of: pointer.pointee.sin6_addr) { IPAddress(bytes: Array($0)) }
            }
        default:
            return nil
        }
    }
}
