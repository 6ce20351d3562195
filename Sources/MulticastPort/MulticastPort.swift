import CLinux
import Glibc
import IPAddresses
import LoopRuntime
import NIOCore
import NIOPosix

/// The group of multicast DNS on some interfaces: what comes from neighbours there, and a way to tell them something (RFC 6762).
///
/// One socket for each interface and each version of IP that it has addresses of. All calls are made on the loop.
package final class MulticastPort: Sendable {
    /// The longest message (RFC 6762 section 17).
    static let maximumBytes = 9000

    /// Why one interface cannot be listened on.
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        package let interface: Int32
        package let errno: Int32
        package var description: String { "multicast on interface \(interface): \(String(cString: strerror(errno)))" }
    }

    private struct Key: Hashable {
        let interface: Int32
        let family: IPAddress.Family
    }

    private let executor: LoopExecutor
    private let labelStart: UInt32
    private let received: @Sendable ([UInt8], Int32) -> Void
    private let sockets: NIOLoopBoundBox<[Key: any Channel]>

    /// - Parameters:
    ///   - labelStart: what the first label of the first name in a message must begin with; others are not heard.
    ///   - received: a message and the interface that it came by; called on the loop.
    package init(
        labelStart: StaticString, on executor: LoopExecutor, received: @escaping @Sendable ([UInt8], Int32) -> Void
    ) {
        self.executor = executor
        self.labelStart = labelStart.withUTF8Buffer { $0.prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }
        self.received = received
        sockets = .makeBoxSendingValue([:], eventLoop: executor.eventLoop)
    }

    /// Listens on these interfaces from now on and on no others.
    package func use(_ wanted: [Int32: Set<IPAddress.Family>]) -> [Failure] {
        let keys = Set(wanted.flatMap { interface, families in families.map { Key(interface: interface, family: $0) } })
        for (key, channel) in sockets.value where !keys.contains(key) {
            sockets.value[key] = nil
            channel.close(promise: nil)
        }
        var failures: [Failure] = []
        for key in keys where sockets.value[key] == nil {
            let descriptor = weft_multicast_dns_socket(key.family == .ipv6, key.interface, labelStart)
            if descriptor < 0 { failures.append(Failure(interface: key.interface, errno: errno)) } else { open(key, descriptor) }
        }
        return failures
    }

    /// To all neighbours on the interface. What cannot be sent is lost, as it may be on the way.
    package func send(_ message: [UInt8], interface: Int32) {
        for (key, channel) in sockets.value where key.interface == interface {
            guard let group = try? Self.group(key) else { continue }
            channel.writeAndFlush(AddressedEnvelope(remoteAddress: group, data: ByteBuffer(bytes: message)), promise: nil)
        }
    }

    package func close() { _ = use([:]) }

    private static func group(_ key: Key) throws -> NIOCore.SocketAddress {
        switch key.family {
        case .ipv4: return try NIOCore.SocketAddress(ipAddress: "224.0.0.251", port: 5353)
        case .ipv6:
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = UInt16(5353).bigEndian
            address.sin6_scope_id = UInt32(bitPattern: key.interface)
            inet_pton(AF_INET6, "ff02::fb", &address.sin6_addr)
            return NIOCore.SocketAddress(address)
        }
    }

    private func open(_ key: Key, _ descriptor: CInt) {
        let handler = Handler { [received] in received($0, key.interface) }
        let channel = DatagramBootstrap(group: executor.eventLoop)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.maximumBytes))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(handler) }
            }
            .withBoundSocket(descriptor)
        channel.assumeIsolated().whenSuccess { [sockets] channel in
            if sockets.value[key] == nil { sockets.value[key] = channel } else { channel.close(promise: nil) }
        }
    }

    /// Messages from the port of multicast DNS; others are questions of simple resolvers, who do not mean us.
    private final class Handler: ChannelInboundHandler, Sendable {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>

        private let received: @Sendable ([UInt8]) -> Void

        init(received: @escaping @Sendable ([UInt8]) -> Void) {
            self.received = received
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let envelope = unwrapInboundIn(data)
            guard envelope.remoteAddress.port == 5353 else { return }
            received(Array(envelope.data.readableBytesView))
        }

        /// A message that came back as undeliverable, for one: the socket goes on.
        func errorCaught(context: ChannelHandlerContext, error: any Error) {}
    }
}
