import IPAddresses
import LoopRuntime
import NIOCore
import NIOHTTP1

/// One connection: its requests are answered one by one, in their order.
///
/// Nothing is read while an answer is made or waits to be read, so what is held of a peer is bounded. All happens on the loop.
final class WebConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    enum Activity {
        /// Nothing is to be done: it may be closed without harm.
        case idle
        /// An answer is being made.
        case answered
        /// An answer is on its way to a peer that has not read all of it.
        case slow
    }

    private enum State {
        /// For a request. Becomes `answering` or `sending` with one, `lingering` when no more will come.
        case waiting
        /// The caller makes an answer. Becomes `sending`.
        case answering
        /// An answer of so many bytes is on its way. Becomes `waiting`, or after the last one `lingering`.
        case sending(bytes: Int)
        /// All is said. What still comes is thrown away, as a connection that is closed with unread bytes may take the answer with it.
        case lingering
        /// Nothing is done any more.
        case closed
    }

    private let port: WebPortShared
    private var context: ChannelHandlerContext?
    private var state = State.waiting
    private var waiting: [Asked] = []
    /// No further request is heard: the last one that is has come.
    private var isEnding = false
    private var isReading = false
    private var timeout: Scheduled<Void>?
    private(set) var since: UInt64 = 0

    init(_ port: WebPortShared) {
        self.port = port
    }

    var activity: Activity {
        switch state {
        case .waiting, .lingering, .closed: .idle
        case .answering: .answered
        case .sending: .slow
        }
    }

    /// Closes it at once, whatever it does.
    func abandon() {
        enter(.closed)
        context?.close(promise: nil)
        port.connections.value.remove(self)
    }

    // MARK: Events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        guard port.connections.value.admit(self) else { return abandon() }
        answerNext()
    }

    func channelInactive(context: ChannelHandlerContext) {
        abandon()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isEnding, case .head(let head) = unwrapInboundIn(data) else { return }
        let channel = context.channel
        let (local, client) = (IPAddress(channel.localAddress), IPAddress(channel.remoteAddress))
        hear(Asked(head, hosts: port.hosts, limits: port.limits, local: local, client: client))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        readMore()
    }

    /// Of the decoder: what came is no request, or too long for one. Of the socket: there is nobody to tell.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let fault = WebFault(error, port.limits) {
            if !isEnding { hear(Asked(fault: fault)) }
        } else if !(error is ByteToMessageDecoderError) {
            abandon()
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed? = event as? ChannelEvent else { return }
        isEnding = true
        switch state {
        case .waiting: answerNext()
        case .lingering: abandon()
        case .answering, .sending, .closed: break
        }
    }

    // MARK: Requests

    private func hear(_ asked: Asked) {
        waiting.append(asked)
        if asked.isLast || waiting.count >= port.limits.maximumPipelinedRequests { isEnding = true }
        if case .waiting = state { answerNext() }
    }

    private func answerNext() {
        guard !waiting.isEmpty else {
            if isEnding { return linger() }
            enter(.waiting, atMost: port.limits.idleTimeout)
            return readMore()
        }
        let asked = waiting.removeFirst()
        switch asked.question {
        case .failure(let fault): send(fault.answer, to: asked)
        case .success(let request):
            enter(.answering)
            let (answer, connection) = (port.answer, NIOLoopBound(self, eventLoop: port.executor.eventLoop))
            Task(executorPreference: port.executor) { @Sendable in
                let page = await answer(request) ?? .text("There is no such page.\n", status: 404)
                connection.value.send(page, to: asked)
            }
        }
    }

    private func send(_ answer: WebAnswer, to asked: Asked) {
        if case .closed = state { return }
        guard !give(answer, to: asked) else { return }
        isEnding = true
        waiting = []
        if !give(WebFault.longAnswer.answer, to: asked) { abandon() }
    }

    /// False if the answer is longer than all that may wait to be read.
    private func give(_ answer: WebAnswer, to asked: Asked) -> Bool {
        let bytes = asked.isWithoutBody ? 0 : answer.body.readableBytes
        guard let context, port.connections.value.reserve(bytes) else { return false }
        enter(.sending(bytes: bytes))
        let isLast = isEnding && waiting.isEmpty
        context.write(wrapOutboundOut(.head(HTTPResponseHead(answer, isLast: isLast))), promise: nil)
        if bytes > 0 { context.write(wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in self.sent() }
        watchReader(bytesLeft: unsentBytes)
        return true
    }

    private func sent() {
        guard case .sending = state else { return }
        enter(.waiting)
        answerNext()
    }

    // MARK: Ends

    private func linger() {
        guard let context else { return }
        waiting = []
        enter(.lingering, atMost: port.limits.lingerTimeout)
        context.close(mode: .output, promise: nil)
        readMore()
    }

    /// Closes it if the peer has taken nothing for too long.
    private func watchReader(bytesLeft: Int) {
        guard case .sending = state, let context else { return }
        timeout?.cancel()
        timeout = context.eventLoop.assumeIsolated().scheduleTask(in: port.limits.stallTimeout) {
            let left = self.unsentBytes
            if left < bytesLeft { self.watchReader(bytesLeft: left) } else { self.abandon() }
        }
    }

    private var unsentBytes: Int {
        (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? .max
    }

    private func readMore() {
        switch state {
        case .waiting, .lingering: break
        case .answering, .sending, .closed: return
        }
        guard !isReading, let context, context.channel.isActive else { return }
        isReading = true
        context.read()
    }

    private func enter(_ next: State, atMost limit: TimeAmount? = nil) {
        if case .sending(let bytes) = state { port.connections.value.release(bytes) }
        state = next
        since = port.connections.value.nextTurn()
        timeout?.cancel()
        timeout = nil
        guard let limit, let context else { return }
        timeout = context.eventLoop.assumeIsolated().scheduleTask(in: limit) { self.abandon() }
    }
}

extension WebFault {
    /// `nil` for what has nothing to do with what was sent.
    fileprivate init?(_ error: any Error, _ limits: WebLimits) {
        switch error {
        case HTTPParserError.invalidVersion: self = .otherVersion
        case HTTPParserError.headerOverflow, is ByteToMessageDecoderError.PayloadTooLargeError:
            self = .longHead(maximumBytes: limits.maximumHeadBytes)
        case is HTTPParserError: self = .noHTTP
        default: return nil
        }
    }
}

extension IPAddress {
    /// `nil` for a socket without one. Of the version that it belongs to, if it comes by a socket for both.
    fileprivate init?(_ address: NIOCore.SocketAddress?) {
        guard let text = address?.ipAddress, let plain = IPAddress(text.prefix { $0 != "%" }.description) else { return nil }
        self = plain.unmapped
    }
}
