import IPAddresses
import NIOCore
import NIOHTTP1
import NIOPosix
import PortMapping

/// One request to a UPnP device on a connection of its own, bounded in time and in bytes.
enum DeviceRequest {
    /// For the connection, and then for the whole of the answer.
    static let connectTimeout = TimeAmount.seconds(2)
    static let timeout = TimeAmount.seconds(5)

    /// - Parameter onAnswer: called on the loop, once; `nil` if there was no whole answer within the bounds.
    static func carryOut(
        _ request: HTTPRequest, from own: IPAddress, within timeout: TimeAmount = timeout, on eventLoop: any EventLoop,
        onAnswer: @escaping @Sendable (HTTPAnswer?) -> Void
    ) {
        let answered = eventLoop.makePromise(of: HTTPAnswer?.self)
        answered.futureResult.whenSuccess(onAnswer)
        let connected: EventLoopFuture<any Channel>
        do {
            connected = try ClientBootstrap(group: eventLoop)
                .bind(to: NIOCore.SocketAddress(own, port: 0, interfaceIndex: 0))
                .connectTimeout(connectTimeout)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        try channel.pipeline.syncOperations.addHandler(AnswerCollector(request, within: timeout, answered))
                    }
                }
                .connect(to: NIOCore.SocketAddress(request.url.socket.address, port: request.url.socket.port, interfaceIndex: 0))
        } catch {
            return answered.succeed(nil)
        }
        connected.whenFailure { _ in answered.succeed(nil) }
    }
}

/// Sends a request when the connection stands, and collects the answer.
private final class AnswerCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let request: HTTPRequest
    /// `nil` when it is kept.
    private var answered: EventLoopPromise<HTTPAnswer?>?
    private let timeout: TimeAmount
    private var end: Scheduled<Void>?
    private var status = 0
    private var body: [UInt8] = []

    init(_ request: HTTPRequest, within timeout: TimeAmount, _ answered: EventLoopPromise<HTTPAnswer?>) {
        self.request = request
        self.timeout = timeout
        self.answered = answered
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        end = context.eventLoop.scheduleTask(in: timeout) { channel.close(promise: nil) }
        let body = Array(request.body.utf8)
        var headers = HTTPHeaders([("Host", "\(request.url.socket)")])
        for header in request.headers { headers.add(name: header.name, value: header.value) }
        if request.method == .post { headers.add(name: "Content-Length", value: "\(body.count)") }
        headers.add(name: "Connection", value: "close")
        let head = HTTPRequestHead(
            version: .http1_1, method: request.method == .post ? .POST : .GET, uri: request.url.path, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !body.isEmpty { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): status = Int(head.status.code)
        case .body(let part):
            guard body.count + part.readableBytes <= PortMappingLimits.documentBytes else { return end(nil, context) }
            body += part.readableBytesView
        case .end: end(HTTPAnswer(status: status, body: body), context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(nil, context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(nil, context)
    }

    private func end(_ answer: HTTPAnswer?, _ context: ChannelHandlerContext) {
        end?.cancel()
        answered?.succeed(answer)
        answered = nil
        context.close(promise: nil)
    }
}
