import CLinux
import Glibc
import IPAddresses
import NIOCore
import NetlinkCodec

/// Interfaces, addresses and routes of the network namespace that the event loop's thread is in, over rtnetlink.
///
/// Pinned on one event loop. The calls are synchronous there: the kernel answers at once. Sockets are opened when first needed.
package actor KernelNetwork {
    package nonisolated let eventLoop: any EventLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { eventLoop.executor.asUnownedSerialExecutor() }
    nonisolated let limits: NetlinkLimits
    var routePort: NetlinkPort

    package init(on eventLoop: any EventLoop, limits: NetlinkLimits = NetlinkLimits()) {
        self.eventLoop = eventLoop
        self.limits = limits
        self.routePort = NetlinkPort(protocol: NETLINK_ROUTE, limits: limits)
    }

    /// Whether this kernel has WireGuard, built in or as a module that it can load. Needs no privilege.
    package func isWireGuardSupported() throws(LinuxNetworkError) -> Bool {
        var port = NetlinkPort(protocol: NETLINK_GENERIC, limits: limits)
        do throws(LinuxNetworkError) {
            try port.request(GenericFamily.resolveRequest(name: GenericFamily.wireGuardName), call: "look for WireGuard")
            return true
        } catch let error where error.errno == ENOENT {
            return false
        }
    }

    /// The MTU of the path to the address as far as the kernel knows it: that of the outgoing interface, or what path MTU discovery
    /// found. `nil` when there is no route. Nothing is sent.
    package func pathMTU(to destination: IPAddresses.SocketAddress) -> Int? {
        let isIPv4 = destination.address.family == .ipv4
        let domain = isIPv4 ? AF_INET : AF_INET6
        guard let descriptor = try? FileDescriptor(socket: domain, type: Int32(SOCK_DGRAM.rawValue), protocol: 0) else { return nil }
        let bytes = destination.kernelBytes
        let connected = bytes.withUnsafeBytes { raw in
            raw.withMemoryRebound(to: sockaddr.self) { connect(descriptor.number, $0.baseAddress, socklen_t(bytes.count)) == 0 }
        }
        var mtu: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        let level = Int32(isIPv4 ? IPPROTO_IP : IPPROTO_IPV6)
        guard connected, getsockopt(descriptor.number, level, isIPv4 ? weft_ip_mtu : weft_ipv6_mtu, &mtu, &length) == 0, mtu > 0 else {
            return nil
        }
        return Int(mtu)
    }
}
