import IPAddresses
import LoopRuntime
import Multiformats
import NIOCore
import NIOPosix
import PeerConnection
import Timeline

/// Connects to a peer only to see that it can be connected to, at all its addresses at once. The peer hardly notices.
///
/// It is apart from the host's own connections: none of them stands aside for it, and nobody is told of it. All on the loop.
final class DialBack {
    private let configuration: ConnectionConfiguration
    private let peer: PeerID
    private let done: (IPAddresses.SocketAddress?) -> Void
    private var waiting: Int
    private var isOver = false
    private var channels: [any Channel] = []
    private var timer: LoopTimer?

    /// - Parameters:
    ///   - configuration: with an identity that is nobody's, so that the peer takes us for no one that it knows.
    ///   - done: called once, with the address that led to the peer, as soon as one has; with `nil` when none does, or time is up.
    init(
        to addresses: [IPAddresses.SocketAddress], of peer: PeerID, as configuration: ConnectionConfiguration, within limit: Duration,
        on eventLoop: any EventLoop, _ done: @escaping (IPAddresses.SocketAddress?) -> Void
    ) {
        self.configuration = configuration
        self.peer = peer
        self.done = done
        waiting = addresses.count
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        timer = LoopTimer(eventLoop: eventLoop) { bound.value.end(with: nil) }
        timer?.set(.now() + limit)
        for address in addresses { connect(to: address, on: eventLoop, within: limit) }
    }

    private func connect(to address: IPAddresses.SocketAddress, on eventLoop: any EventLoop, within limit: Duration) {
        guard let target = try? NIOCore.SocketAddress(address) else { return failed() }
        ClientBootstrap(group: eventLoop)
            .connectTimeout(.nanoseconds(limit.saturatedNanoseconds))
            .connect(to: target).assumeIsolated()
            .whenComplete { result in
                switch result {
                case .failure: self.failed()
                case .success(let channel): self.upgrade(channel, address)
                }
            }
    }

    private func upgrade(_ channel: any Channel, _ address: IPAddresses.SocketAddress) {
        var random = SystemRandomNumberGenerator()
        let machine = try? PeerConnection(
            role: .dialer, configuration: configuration, expectedPeer: peer, remoteAddress: nil, listenAddresses: [],
            entropy: ConnectionEntropy(from: &random), now: .now())
        guard !isOver, let machine else {
            channel.close(promise: nil)
            return failed()
        }
        channels.append(channel)
        let handler = DialBackHandler(machine) { isThere in isThere ? self.end(with: address) : self.failed() }
        try? channel.pipeline.syncOperations.addHandler(handler)
    }

    private func failed() {
        waiting -= 1
        if waiting <= 0 { end(with: nil) }
    }

    private func end(with address: IPAddresses.SocketAddress?) {
        guard !isOver else { return }
        isOver = true
        timer?.set(nil)
        timer = nil
        for channel in channels { channel.close(promise: nil) }
        channels = []
        done(address)
    }
}

/// Plays the dialler's part until the other end has proved who it is, and there it stops: with the words that would follow, the peer would
/// learn of us, and greet us.
private final class DialBackHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var machine: PeerConnection
    private var done: ((_ isThere: Bool) -> Void)?

    init(_ machine: PeerConnection, _ done: @escaping (_ isThere: Bool) -> Void) {
        self.machine = machine
        self.done = done
    }

    func channelActive(context: ChannelHandlerContext) {
        write(machine.start(), context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let actions = machine.handle(.received(Array(unwrapInboundIn(data).readableBytesView)), now: .now())
        let isThere = actions.contains { if case .established = $0 { true } else { false } }
        let hasEnded = actions.contains { if case .close = $0 { true } else { false } }
        guard isThere || hasEnded else { return write(actions, context) }
        finish(isThere)  // first, for closing ends what is not finished
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(false)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func write(_ actions: [PeerConnection.Action], _ context: ChannelHandlerContext) {
        for case .write(let bytes) in actions { context.write(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil) }
        context.flush()
    }

    private func finish(_ isThere: Bool) {
        let done = done
        self.done = nil
        done?(isThere)
    }
}
