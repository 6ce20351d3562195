import IPAddresses
import NIOCore
import NIOPosix
import PortMapping

/// A UDP socket on the loop. What is sent before it is open waits for that; what fails is as if it were lost. All calls are made on the loop.
final class DatagramSocket: Sendable {
    enum Kind: Sendable {
        /// From our address to the router's port 5351: the kernel lets nobody else's datagrams in.
        case connected(Router)
        case bound(IPAddress, port: UInt16)
        /// What routers say to all hosts (224.0.0.1, which every host belongs to). Other programs hear it as well.
        case announcements(port: UInt16)
    }

    private let channel: EventLoopFuture<any Channel>
    private let state: NIOLoopBoundBox<State>

    private enum State {
        case usable
        /// It could not be opened, or has closed itself: NIO does so when it cannot send, be it that the router refused what was sent before.
        case failed
        /// Nothing is told any more.
        case closed
    }

    /// - Parameters:
    ///   - onDatagram: called on the loop, with where it came from.
    ///   - onFailure: called on the loop if nobody takes what is sent.
    init(
        _ kind: Kind, on eventLoop: any EventLoop, onDatagram: @escaping @Sendable ([UInt8], IPAddresses.SocketAddress?) -> Void,
        onFailure: @escaping @Sendable () -> Void = {}
    ) {
        let bootstrap = DatagramBootstrap(group: eventLoop)
            // One byte more than what is looked at: what was longer is seen to be.
            .channelOption(
                .recvAllocator,
                value: FixedSizeRecvByteBufferAllocator(
                    capacity: max(PortMappingLimits.datagramBytes, PortMappingLimits.searchAnswerBytes) + 1)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(DatagramReader(onDatagram: onDatagram, onFailure: onFailure))
                }
            }
        channel = Self.open(kind, bootstrap, eventLoop)
        let state = NIOLoopBoundBox(State.usable, eventLoop: eventLoop)
        self.state = state
        let fail: @Sendable () -> Void = {
            guard state.value == .usable else { return }
            state.value = .failed
            onFailure()
        }
        channel.whenFailure { _ in fail() }
        channel.whenSuccess { $0.closeFuture.whenComplete { _ in fail() } }
    }

    /// Whether there is any use in sending.
    var isUsable: Bool { state.value == .usable }

    private static func open(_ kind: Kind, _ bootstrap: DatagramBootstrap, _ eventLoop: any EventLoop) -> EventLoopFuture<any Channel> {
        do {
            switch kind {
            case .connected(let router):
                let target = try NIOCore.SocketAddress(router.address, port: NATPMP.port, interfaceIndex: router.interfaceIndex)
                let own = try NIOCore.SocketAddress(router.ownAddress, port: 0, interfaceIndex: 0)
                return bootstrap.bind(to: own).flatMap { channel in channel.connect(to: target).map { channel } }
            case .bound(let address, let port):
                return bootstrap.bind(to: try NIOCore.SocketAddress(address, port: port, interfaceIndex: 0))
            case .announcements(let port):
                let shared = bootstrap.channelOption(.socketOption(.so_reuseaddr), value: 1)
                return shared.bind(
                    to: try NIOCore.SocketAddress(IPAddress(family: .ipv4, value: 0), port: port, interfaceIndex: 0))
            }
        } catch {
            return eventLoop.makeFailedFuture(error)
        }
    }

    /// - Parameter target: none for a socket that is connected.
    func send(_ bytes: [UInt8], to target: IPAddresses.SocketAddress? = nil) {
        channel.whenSuccess { channel in
            let buffer = channel.allocator.buffer(bytes: bytes)
            guard let target else { return channel.writeAndFlush(buffer, promise: nil) }
            guard let address = try? NIOCore.SocketAddress(target.address, port: target.port, interfaceIndex: 0) else { return }
            channel.writeAndFlush(AddressedEnvelope(remoteAddress: address, data: buffer), promise: nil)
        }
    }

    func close() {
        state.value = .closed
        channel.whenSuccess { $0.close(promise: nil) }
    }
}

private final class DatagramReader: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private let onDatagram: @Sendable ([UInt8], IPAddresses.SocketAddress?) -> Void
    private let onFailure: @Sendable () -> Void

    init(onDatagram: @escaping @Sendable ([UInt8], IPAddresses.SocketAddress?) -> Void, onFailure: @escaping @Sendable () -> Void) {
        self.onDatagram = onDatagram
        self.onFailure = onFailure
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        onDatagram(Array(envelope.data.readableBytesView), IPAddresses.SocketAddress(envelope.remoteAddress))
    }

    /// E.g. ECONNREFUSED: the router has no such port, as it said by ICMP. The socket stays as good as it was.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        onFailure()
    }
}

extension IPAddresses.SocketAddress {
    init?(_ address: NIOCore.SocketAddress) {
        guard let text = address.ipAddress, let ip = IPAddress(String(text.prefix { $0 != "%" })), let port = address.port else {
            return nil
        }
        self.init(ip, port: UInt16(clamping: port))
    }
}

extension NIOCore.SocketAddress {
    init(_ address: IPAddress, port: UInt16, interfaceIndex: UInt32) throws {
        try self.init(packedIPAddress: ByteBuffer(bytes: address.bytes), port: Int(port))
        guard case .v6(let v6) = self, address.isLinkLocal else { return }
        var raw = v6.address
        raw.sin6_scope_id = interfaceIndex
        self.init(raw)
    }
}
