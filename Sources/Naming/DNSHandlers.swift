import DNSCodec
import IPAddresses
import NIOCore

/// What all sockets of a responder share, on its loop.
struct Answering: Sendable {
    let zone: NIOLoopBoundBox<Zone>
    let connections: NIOLoopBoundBox<[ObjectIdentifier: any Channel]>
    private let clients: [IPPrefix]

    init(zone: Zone, clients: [IPPrefix], _ loop: any EventLoop) {
        // Boxes of values that can be sent, which may be made anywhere.
        self.zone = .makeBoxSendingValue(zone, eventLoop: loop)
        connections = .makeBoxSendingValue([:], eventLoop: loop)
        self.clients = clients
    }

    var open: [any Channel] { Array(connections.value.values) }

    func answers(_ address: NIOCore.SocketAddress?) -> Bool {
        guard let text = address?.ipAddress, let plain = IPAddress(text.prefix { $0 != "%" }.description) else { return false }
        return clients.contains { $0.contains(plain.unmapped) }
    }

    /// `nil` if there is to be no answer.
    func reply(to message: ByteBuffer, over transport: Zone.Transport) -> [UInt8]? {
        zone.value.reply(to: Array(message.readableBytesView), over: transport)
    }
}

/// One datagram in, at most one out.
final class DatagramHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    private let answering: Answering

    init(_ answering: Answering) {
        self.answering = answering
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let query = unwrapInboundIn(data)
        // Who asks faster than the answers get out asks again.
        guard context.channel.isWritable, query.remoteAddress.port ?? 0 != 0, answering.answers(query.remoteAddress),
            let reply = answering.reply(to: query.data, over: .udp)
        else { return }
        let envelope = AddressedEnvelope(remoteAddress: query.remoteAddress, data: context.channel.allocator.buffer(bytes: reply))
        context.write(wrapOutboundOut(envelope), promise: nil)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
    }

    /// An answer that could not be sent is the asker's loss, and no reason to stop listening.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}

/// Queries with two bytes of length before each, answered in their order (RFC 7766 section 6.2.1).
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answering: Answering
    private var received = ByteBuffer()
    private var timeout: Scheduled<Void>?
    private var isReading = false

    init(_ answering: Answering) {
        self.answering = answering
    }

    func channelActive(context: ChannelHandlerContext) {
        guard answering.connections.value.count < DNSResponder.maximumConnections, answering.answers(context.remoteAddress) else {
            return context.close(promise: nil)
        }
        answering.connections.value[ObjectIdentifier(context.channel)] = context.channel
        waitForQuery(context)
        readMore(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        timeout?.cancel()
        answering.connections.value[ObjectIdentifier(context.channel)] = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var data = unwrapInboundIn(data)
        received.writeBuffer(&data)
        answerAll(context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        readMore(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        answerAll(context)
        readMore(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    /// Nothing is read while answers wait to be: so what is held of both is bounded.
    private func readMore(_ context: ChannelHandlerContext) {
        guard !isReading, context.channel.isActive, context.channel.isWritable else { return }
        isReading = true
        context.read()
    }

    private func answerAll(_ context: ChannelHandlerContext) {
        var hasAnswered = false
        while context.channel.isWritable, let query = nextQuery() {
            guard let reply = answering.reply(to: query, over: .tcp) else { return context.close(promise: nil) }
            var answer = context.channel.allocator.buffer(capacity: reply.count + 2)
            answer.writeInteger(UInt16(truncatingIfNeeded: reply.count))
            answer.writeBytes(reply)
            context.write(wrapOutboundOut(answer), promise: nil)
            hasAnswered = true
        }
        guard hasAnswered else { return }
        received.discardReadBytes()
        waitForQuery(context)
        context.flush()
    }

    private func nextQuery() -> ByteBuffer? {
        guard let length = received.getInteger(at: received.readerIndex, as: UInt16.self), received.readableBytes >= 2 + Int(length) else {
            return nil
        }
        received.moveReaderIndex(forwardBy: 2)
        return received.readSlice(length: Int(length))
    }

    private func waitForQuery(_ context: ChannelHandlerContext) {
        timeout?.cancel()
        let channel = context.channel
        timeout = context.eventLoop.scheduleTask(in: DNSResponder.idleTimeout) { channel.close(promise: nil) }
    }
}
