import NIOCore
import Timeline

/// The edge between a TCP channel and its `Link`: bytes and ends in, nothing else.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let host: PeerHost
    private let link: LinkID

    init(host: PeerHost, link: LinkID) {
        self.host = host
        self.link = link
    }

    func channelActive(context: ChannelHandlerContext) {
        host.assumeIsolated { [link] in $0.linkStarted(link) }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Array(unwrapInboundIn(data).readableBytesView)
        host.assumeIsolated { [link] in $0.feed(.received(bytes), to: link) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        host.assumeIsolated { [link] in $0.writabilityChanged(of: link, isWritable: isWritable) }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        host.assumeIsolated { [link] in $0.linkEnded(link) }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
