import FoundationEssentials
import Glibc
import LoopRuntime
import NIOCore
import NIOPosix

/// Answers commands on a Unix socket that only its owner (and root) can open.
package final class LocalServer: Sendable {
    /// A request is one short line.
    package static let maximumRequestBytes = 4096
    /// Commands at work at once; one more waits to be accepted.
    package static let backlog: Int32 = 16
    /// A client that says nothing is not waited for.
    package static let requestTimeout = TimeAmount.seconds(5)

    private let channel: any Channel
    private let path: String

    private init(channel: any Channel, path: String) {
        self.channel = channel
        self.path = path
    }

    /// Answers on a socket from now on.
    ///
    /// - Parameters:
    ///   - subscribe: takes over the connection of somebody who wants the names; false closes it. On the event loop.
    ///   - answer: called on the event loop for each other request.
    package static func start(
        _ socket: LocalSocket, on executor: LoopExecutor, subscribe: @escaping @Sendable (any Channel) -> Bool = { _ in false },
        answer: @escaping @Sendable (LocalRequest) async -> LocalResponse
    ) async throws(LocalAPIError) -> LocalServer {
        do {
            try socket.listen(backlog: backlog)
            let channel = try await ServerBootstrap(group: executor.eventLoop)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            RequestHandler(executor: executor, subscribe: subscribe, answer: answer))
                    }
                }
                .withBoundSocket(socket.descriptor).get()
            return LocalServer(channel: channel, path: socket.path)
        } catch let error as LocalAPIError {
            throw error
        } catch {
            throw .cannotListen(path: socket.path, reason: "\(error)")
        }
    }

    /// Stops answering and takes the socket away.
    package func stop() async {
        try? await channel.close()
        unlink(path)
    }
}

/// Reads one line, answers with one line, closes.
private final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let executor: LoopExecutor
    private let subscribe: @Sendable (any Channel) -> Bool
    private let answer: @Sendable (LocalRequest) async -> LocalResponse
    private var received: [UInt8] = []
    private var timeout: Scheduled<Void>?

    init(
        executor: LoopExecutor, subscribe: @escaping @Sendable (any Channel) -> Bool,
        answer: @escaping @Sendable (LocalRequest) async -> LocalResponse
    ) {
        self.executor = executor
        self.subscribe = subscribe
        self.answer = answer
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        timeout = context.eventLoop.scheduleTask(in: LocalServer.requestTimeout) { channel.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        timeout?.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // One request a connection: whatever follows is for who has subscribed.
        guard timeout != nil else { return context.fireChannelRead(data) }
        received += unwrapInboundIn(data).readableBytesView
        let end = received.firstIndex(of: UInt8(ascii: "\n"))
        guard end ?? received.count <= LocalServer.maximumRequestBytes else { return context.close(promise: nil) }
        guard let end else { return }
        timeout?.cancel()
        timeout = nil
        respond(to: Data(received[..<end]), context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func respond(to line: Data, _ context: ChannelHandlerContext) {
        let channel = context.channel
        guard let request = try? JSONDecoder().decode(LocalRequest.self, from: line), request.version == LocalRequest.currentVersion else {
            return Self.send(Self.notUnderstood, on: channel)
        }
        guard request.command != .names else {
            if !subscribe(channel) { channel.close(promise: nil) }
            return
        }
        let answer = self.answer
        // Not `makeFutureWithTask`: its task would wake the default executor's threads.
        Task(executorPreference: executor) { @Sendable in Self.send(await answer(request), on: channel) }
    }

    private static let notUnderstood = LocalResponse(
        error: "the running node is of another version and does not understand this command; restart it")

    private static func send(_ response: LocalResponse, on channel: any Channel) {
        let json = (try? LocalJSON.encoder.encode(response)) ?? Data()
        channel.writeAndFlush(ByteBuffer(bytes: json + [UInt8(ascii: "\n")])).whenComplete { _ in channel.close(promise: nil) }
    }
}

/// The one way in which JSON is written here: stable order, readable paths.
package enum LocalJSON {
    package static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
