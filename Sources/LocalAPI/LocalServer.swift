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

    /// Listens at `path`, after a socket that nobody answers on any more is taken away.
    ///
    /// - Parameter answer: called on the event loop for each request.
    package static func start(
        at path: String, on executor: LoopExecutor, answer: @escaping @Sendable (LocalRequest) async -> LocalResponse
    ) async throws(LocalAPIError) -> LocalServer {
        try clear(path)
        let socket = try listen(at: path)
        do {
            let channel = try await ServerBootstrap(group: executor.eventLoop)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(RequestHandler(executor: executor, answer: answer))
                    }
                }
                .withBoundSocket(socket).get()
            return LocalServer(channel: channel, path: path)
        } catch {
            throw .cannotListen(path: path, reason: "\(error)")
        }
    }

    /// Makes the folder, and takes away a socket that nobody answers on any more; anything else that is there stays.
    private static func clear(_ path: String) throws(LocalAPIError) {
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex { mkdir(String(path[..<slash]), 0o755) }
        do throws(LocalAPIError) {
            close(try LocalClient.connect(to: path))
        } catch {
            switch error {
            case .notRunning, .permissionDenied: break
            case .noAnswer, .alreadyRunning: throw .alreadyRunning(path: path)
            case .pathTooLong, .cannotListen: throw error
            }
            var information = stat()
            guard lstat(path, &information) == 0 else { return }
            guard information.st_mode & S_IFMT == S_IFSOCK else {
                throw .cannotListen(path: path, reason: "a file that is no socket is there")
            }
            unlink(path)
            return
        }
        throw .alreadyRunning(path: path)
    }

    /// A socket takes its file's permissions from its own, so there is no moment at which others could open it, and the mask of the
    /// process, which all its threads share, need not be touched (`unix_bind` in the kernel).
    private static func listen(at path: String) throws(LocalAPIError) -> CInt {
        let bytes = try pathBytes(path)
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0, fchmod(descriptor, 0o600) == 0, withUnixAddress(bytes, { bind(descriptor, $0, $1) }) == 0,
            Glibc.listen(descriptor, backlog) == 0
        else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw .cannotListen(path: path, reason: reason)
        }
        return descriptor
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
    private let answer: @Sendable (LocalRequest) async -> LocalResponse
    private var received: [UInt8] = []
    private var timeout: Scheduled<Void>?

    init(executor: LoopExecutor, answer: @escaping @Sendable (LocalRequest) async -> LocalResponse) {
        self.executor = executor
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
        guard timeout != nil else { return }  // one request a connection
        received += unwrapInboundIn(data).readableBytesView
        let end = received.firstIndex(of: UInt8(ascii: "\n"))
        guard end ?? received.count <= LocalServer.maximumRequestBytes else { return context.close(promise: nil) }
        guard let end else { return }
        timeout?.cancel()
        timeout = nil
        respond(to: Data(received[..<end]), on: context.channel)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func respond(to line: Data, on channel: any Channel) {
        let answer = self.answer
        // Not `makeFutureWithTask`: its task would wake the default executor's threads.
        Task(executorPreference: executor) { @Sendable in
            let response = await Self.response(to: line, by: answer)
            let json = (try? LocalJSON.encoder.encode(response)) ?? Data()
            try? await channel.writeAndFlush(ByteBuffer(bytes: json + [UInt8(ascii: "\n")]))
            channel.close(promise: nil)
        }
    }

    private static func response(to line: Data, by answer: @Sendable (LocalRequest) async -> LocalResponse) async -> LocalResponse {
        guard let request = try? JSONDecoder().decode(LocalRequest.self, from: line), request.version == LocalRequest.currentVersion else {
            return LocalResponse(error: "the running node is of another version and does not understand this command; restart it")
        }
        return await answer(request)
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
