import CLinux
import IPAddresses
import LoopRuntime
import NIOCore
import NIOPosix
import PortMapping
import WeftLaboratory

extension HomeNetwork.Way {
    init(_ way: MappingWay) {
        self =
            switch way {
            case .pcp: .pcp
            case .natPMP: .natPMP
            case .upnp: .upnp
            }
    }
}

/// An event loop whose thread is on a host.
final class HostLoop: Sendable {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let executor: LoopExecutor

    init(on host: LabHost) async throws {
        let loop = group.next()
        executor = LoopExecutor(loop)
        let namespace = host.namespace
        try await loop.submit {
            let descriptor = open("/run/netns/\(namespace)", O_RDONLY | O_CLOEXEC)
            defer { close(descriptor) }
            guard descriptor >= 0, weft_enter_network(descriptor) == 0 else { throw LaboratoryError("\(namespace): setns failed") }
            // Nothing that is done here needs rights: what is left is one that is of no use for a network.
            guard weft_keep_only_capability(CAP_WAKE_ALARM) == 0 else { throw LaboratoryError("capset failed") }
        }.get()
    }

    /// All of its sockets are closed, as those of a process that is killed.
    func end() async throws {
        try await group.shutdownGracefully()
    }

    /// Listens for TCP connections, and says its name to each. A socket belongs to the host of the thread that makes it.
    func greet(as name: String, at port: UInt16) async throws {
        let group = group
        _ = try await group.next().flatSubmit {
            ServerBootstrap(group: group)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelInitializer { channel in
                    channel.writeAndFlush(ByteBuffer(string: name)).whenComplete { _ in channel.close(promise: nil) }
                    return channel.eventLoop.makeSucceededVoidFuture()
                }
                .bind(host: "0.0.0.0", port: Int(port))
        }.get()
    }

    /// What is heard at an address within a second; `nil` if nobody is there.
    func hear(_ address: IPAddresses.SocketAddress) async -> String? {
        let group = group
        let heard = group.next().makePromise(of: String?.self)
        group.next().execute {
            ClientBootstrap(group: group)
                .connectTimeout(.seconds(1))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Listener(heard)) }
                }
                .connect(host: address.address.description, port: Int(address.port)).whenFailure { _ in heard.succeed(nil) }
        }
        return try? await heard.futureResult.get()
    }
}

private final class Listener: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let heard: EventLoopPromise<String?>
    private var text = ""

    init(_ heard: EventLoopPromise<String?>) {
        self.heard = heard
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        text += String(buffer: unwrapInboundIn(data))
    }

    func channelInactive(context: ChannelHandlerContext) {
        heard.succeed(text)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
