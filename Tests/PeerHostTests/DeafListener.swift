import IPAddresses
import NIOCore
import NIOPosix
import PeerHostTestKit
import Synchronization
import Testing

/// Takes connections on loopback, and says nothing.
final class DeafListener: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel
    private let count: Counter
    let address: IPAddresses.SocketAddress

    private final class Counter: Sendable {
        let value = Atomic(0)
    }

    static func start() async throws -> DeafListener {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let count = Counter()
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                count.value.add(1, ordering: .relaxed)
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(channel.localAddress?.port)
        return DeafListener(group, channel, count, IPAddresses.SocketAddress(.loopback, port: UInt16(port)))
    }

    private init(
        _ group: MultiThreadedEventLoopGroup, _ channel: any Channel, _ count: Counter, _ address: IPAddresses.SocketAddress
    ) {
        (self.group, self.channel, self.count, self.address) = (group, channel, count, address)
    }

    /// How many came.
    var connections: Int { count.value.load(ordering: .relaxed) }

    func stop() async throws {
        try await channel.close()
        try await group.shutdownGracefully()
    }
}
