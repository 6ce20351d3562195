import DNSCodec
import Glibc
import IPAddresses
import LoopRuntime
import NIOCore
import NIOPosix

/// Answers questions about a zone at some addresses of this machine, by UDP and by TCP (RFC 1035 section 4.2, RFC 7766).
///
/// Each address has sockets of its own, so an answer comes from the address that was asked. While nobody asks, nothing happens.
package final class DNSResponder: Sendable {
    /// The longest query by UDP; what is longer is cut, and refused for that. One question takes 300 bytes at most.
    package static let maximumUDPQueryBytes = 4096
    /// Connections at once; one more is closed.
    package static let maximumConnections = 32
    /// How long a connection may take for its next whole query.
    package static let idleTimeout = TimeAmount.seconds(10)
    /// What is read ahead of a connection, and what it may leave unread, as long as it asks faster than it reads.
    package static let maximumPendingBytes = 64 << 10
    /// Where a machine's own programs ask from.
    package static let loopback = [IPPrefix("127.0.0.0/8"), IPPrefix("::1/128")].compactMap { $0 }

    private let channels: [any Channel]
    private let answering: Answering
    /// Where it listens; all have one port.
    package let addresses: [IPAddresses.SocketAddress]

    private init(_ channels: [any Channel], _ answering: Answering, _ addresses: [IPAddresses.SocketAddress]) {
        self.channels = channels
        self.answering = answering
        self.addresses = addresses
    }

    /// Listens at all of the addresses, or at none.
    ///
    /// - Parameters:
    ///   - port: 0 for any that is free, the same at all addresses.
    ///   - clients: who is answered, by the address that he asks from. Anybody else gets nothing, so nobody can make this node send to
    ///     a stranger.
    package static func start(
        zone: Zone, at addresses: [IPAddress], port: UInt16, answering clients: [IPPrefix], on executor: LoopExecutor
    ) async throws(DNSResponderError) -> DNSResponder {
        let answering = Answering(zone: zone, clients: clients, executor.eventLoop)
        var channels: [any Channel] = []
        var bound: [IPAddresses.SocketAddress] = []
        for address in addresses {
            do throws(DNSResponderError) {
                let pair = try await listen(
                    at: IPAddresses.SocketAddress(address, port: bound.first?.port ?? port), answering, executor.eventLoop)
                channels += pair.channels
                bound.append(pair.address)
            } catch {
                await close(channels)
                throw error
            }
        }
        return DNSResponder(channels, answering, bound)
    }

    /// Answers from this zone from now on. Called on the loop.
    package func setZone(_ zone: Zone) {
        answering.zone.value = zone
    }

    package func stop() async {
        await Self.close(channels)
        await Self.close(try? await answering.connections.eventLoop.submit { self.answering.open }.get())
    }

    private static func close(_ channels: [any Channel]?) async {
        for channel in channels ?? [] { try? await channel.close() }
    }

    // MARK: Listening

    private static func listen(at address: IPAddresses.SocketAddress, _ answering: Answering, _ loop: any EventLoop)
        async throws(DNSResponderError)
        -> (channels: [any Channel], address: IPAddresses.SocketAddress)
    {
        guard !address.address.isUnspecified else { throw .unspecifiedAddress(address) }
        let datagrams: any Channel
        do { datagrams = try await bindDatagrams(address, answering, loop) } catch { throw DNSResponderError(error, address) }
        let port = datagrams.localAddress?.port.flatMap { UInt16(exactly: $0) } ?? address.port
        let bound = IPAddresses.SocketAddress(address.address, port: port)
        do {
            return ([datagrams, try await bindConnections(bound, answering, loop)], bound)
        } catch {
            await close([datagrams])
            throw DNSResponderError(error, bound)
        }
    }

    private static func bindDatagrams(_ address: IPAddresses.SocketAddress, _ answering: Answering, _ loop: any EventLoop) async throws
        -> any Channel
    {
        try await DatagramBootstrap(group: loop)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: maximumUDPQueryBytes))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(DatagramHandler(answering)) }
            }
            .bind(host: address.address.description, port: Int(address.port)).get()
    }

    private static func bindConnections(_ address: IPAddresses.SocketAddress, _ answering: Answering, _ loop: any EventLoop) async throws
        -> any Channel
    {
        try await ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: Int32(maximumConnections))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(
                .writeBufferWaterMark, value: .init(low: maximumPendingBytes / 4, high: maximumPendingBytes)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(ConnectionHandler(answering)) }
            }
            .bind(host: address.address.description, port: Int(address.port)).get()
    }
}

extension DNSResponderError {
    fileprivate init(_ error: any Error, _ address: IPAddresses.SocketAddress) {
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE: self = .addressInUse(address)
        case EADDRNOTAVAIL: self = .addressNotAvailable(address)
        case EACCES, EPERM: self = .noPermission(address)
        case let code?: self = .other(address, reason: String(cString: strerror(code)))
        case nil: self = .other(address, reason: "\(error)")
        }
    }
}
