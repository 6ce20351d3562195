import Glibc
import IPAddresses
import Testing

@testable import WeftDaemon

@Suite struct PortProbeTests {
    /// A socket on a free port of the loopback, and its port.
    private func taken(_ type: __socket_type) throws -> (descriptor: CInt, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(descriptor, raw, size) == 0 && getsockname(descriptor, raw, &size) == 0
            }
        }
        try #require(isBound)
        if type == SOCK_STREAM { listen(descriptor, 1) }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    @Test func aPortThatIsTakenIsFound() throws {
        for (type, transport) in [(SOCK_STREAM, PortProbe.Transport.tcp), (SOCK_DGRAM, .udp)] {
            let (descriptor, port) = try taken(type)
            let loopback = IPAddress(family: .ipv4, value: 0x7f00_0001)
            for address in [loopback, IPAddress(family: .ipv4, value: 0), IPAddress(family: .ipv6, value: 0)] {
                #expect(!PortProbe.isFree(SocketAddress(address, port: port), transport), "\(address), \(transport)")
            }
            close(descriptor)
            #expect(PortProbe.isFree(SocketAddress(loopback, port: port), transport))
        }
    }

    @Test func anAddressOfSomebodyElsesIsNoTakenPort() throws {
        let foreign = try #require(SocketAddress("192.0.2.77:4711"))
        #expect(PortProbe.isFree(foreign, .tcp) && PortProbe.isFree(foreign, .udp))
    }
}
