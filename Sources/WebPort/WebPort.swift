import Glibc
import IPAddresses
import LoopRuntime
import NIOCore
import NIOHTTP1
import NIOPosix

/// What a port's connections share.
struct WebPortShared: Sendable {
    let executor: LoopExecutor
    let hosts: ServedHosts
    let limits: WebLimits
    let connections: NIOLoopBoundBox<OpenConnections>
    let answer: @Sendable (WebRequest) async -> WebAnswer?
}

/// Serves pages of this machine by HTTP/1.1 (RFC 9112) at some of its addresses: GET and HEAD, nothing that changes anything.
///
/// Anybody who reaches an address may read what is served there; a page of another site that is open in a browser may not, see
/// `ServedHosts`. While nobody asks, nothing happens.
package final class WebPort: Sendable {
    private let channels: [any Channel]
    let connections: NIOLoopBoundBox<OpenConnections>
    /// Where it listens.
    package let addresses: [IPAddresses.SocketAddress]

    private init(_ channels: [any Channel], _ connections: NIOLoopBoundBox<OpenConnections>, _ addresses: [IPAddresses.SocketAddress]) {
        self.channels = channels
        self.connections = connections
        self.addresses = addresses
    }

    /// Listens at all of the addresses, or at none.
    ///
    /// - Parameters:
    ///   - addresses: port 0 for any that is free. The unspecified address stands for all that the machine has.
    ///   - beforeTheyExist: whether addresses may be listened at that the machine does not have yet (ip(7), IP_FREEBIND).
    ///   - names: under which it answers beside those addresses and `localhost`, without ports.
    ///   - answer: called on the loop for each request; `nil` if there is no such page. One at a time for each connection.
    package static func start(
        at addresses: [IPAddresses.SocketAddress], names: [String] = [], beforeTheyExist: Bool = false, limits: WebLimits = WebLimits(),
        on executor: LoopExecutor, answer: @escaping @Sendable (WebRequest) async -> WebAnswer?
    ) async throws(WebPortError) -> WebPort {
        let connections = NIOLoopBoundBox.makeBoxSendingValue(OpenConnections(limits), eventLoop: executor.eventLoop)
        let shared = WebPortShared(
            executor: executor, hosts: ServedHosts(names: names, listening: addresses), limits: limits, connections: connections,
            answer: answer)
        var channels: [any Channel] = []
        var bound: [IPAddresses.SocketAddress] = []
        for address in addresses {
            do throws(WebPortError) {
                let channel = try await listen(at: address, beforeTheyExist, shared)
                channels.append(channel)
                let port = channel.localAddress?.port.flatMap { UInt16(exactly: $0) } ?? address.port
                bound.append(IPAddresses.SocketAddress(address.address, port: port))
            } catch {
                await close(channels)
                throw error
            }
        }
        return WebPort(channels, connections, bound)
    }

    /// Closes all connections, and listens no more.
    package func stop() async {
        await Self.close(channels)
        let connections = self.connections
        try? await connections.eventLoop.submit { connections.value.stop() }.get()
    }

    private static func close(_ channels: [any Channel]) async {
        for channel in channels { try? await channel.close() }
    }

    private static func listen(
        at address: IPAddresses.SocketAddress, _ isEarly: Bool, _ shared: WebPortShared
    ) async throws(WebPortError) -> any Channel {
        do { return try await bind(address, isEarly, shared) } catch { throw WebPortError(error, address) }
    }

    private static func bind(
        _ address: IPAddresses.SocketAddress, _ isEarly: Bool, _ shared: WebPortShared
    ) async throws -> any Channel {
        // IP_FREEBIND and IPV6_FREEBIND of the kernel's in.h and in6.h.
        let isIPv4 = address.address.family == .ipv4
        let freeBind = ChannelOptions.Types.SocketOption(level: isIPv4 ? .ip : .ipv6, name: .init(rawValue: isIPv4 ? 15 : 78))
        return try await ServerBootstrap(group: shared.executor.eventLoop)
            .serverChannelOption(.backlog, value: WebLimits.backlog)
            .serverChannelOption(.maxMessagesPerRead, value: 16)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(freeBind, value: isEarly ? 1 : 0)
            .childChannelOption(.autoRead, value: false)
            // A peer that has said all it has to say may still hear the answers.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: WebLimits.readBytes))
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandlers(handlers(shared)) }
            }
            .bind(host: address.address.description, port: Int(address.port)).get()
    }

    /// Of one connection.
    static func handlers(_ shared: WebPortShared) -> [any ChannelHandler] {
        var decoding = NIOHTTPDecoderLimitConfiguration()
        decoding.maxHeaderFieldSize = shared.limits.maximumHeadBytes
        decoding.maxHeaderListSize = shared.limits.maximumHeadBytes
        decoding.maxHeaderFieldCount = shared.limits.maximumHeaderFields
        let decoder = HTTPRequestDecoder(limitConfiguration: decoding)
        return [
            HTTPResponseEncoder(), ByteToMessageHandler(decoder, maximumBufferSize: shared.limits.maximumUnparsedBytes),
            WebConnection(shared),
        ]
    }
}

extension WebPortError {
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
