import CLinux
import Glibc
import NIOCore
import NIOPosix
import NetlinkCodec

extension KernelNetwork {
    /// Tells of changes of interfaces, addresses and routes from now on, on this object's event loop, until the observation is closed.
    ///
    /// Changes that come together are told once. Listen first and read the state then: so nothing is missed.
    package func observeChanges(
        _ handler: @escaping @Sendable (NetworkEvent) -> Void
    ) throws(LinuxNetworkError) -> NetworkObservation {
        let observation = NetworkObservation(on: eventLoop, handler: handler)
        try observation.open()
        return observation
    }
}

/// A stream of `NetworkEvent`s. It goes on until it is closed, even if nobody holds on to it.
///
/// A socket whose queue overflowed is closed; a fresh one is opened after a pause, and then `overflow` is told.
package final class NetworkObservation: Sendable {
    /// The pause before a socket that failed is replaced; it keeps a storm of events from becoming a storm of dumps.
    static let reopenDelay: TimeAmount = .milliseconds(200)
    /// The most different events of one read; beyond it they are told as `overflow`.
    static let eventsPerBatch = 256
    /// What is asked for; a kernel that does not trust us gives less (`net.core.rmem_max`).
    static let kernelQueueBytes: Int32 = 1 << 20
    static let receiveBufferBytes = 65_536

    private struct State {
        var channel: (any Channel)?
        var isClosed = false
    }

    private let eventLoop: any EventLoop
    private let handler: @Sendable (NetworkEvent) -> Void
    private let state: NIOLoopBoundBox<State>

    /// Call it on the event loop.
    init(on eventLoop: any EventLoop, handler: @escaping @Sendable (NetworkEvent) -> Void) {
        self.eventLoop = eventLoop
        self.handler = handler
        self.state = NIOLoopBoundBox(State(), eventLoop: eventLoop)
    }

    /// No event is told after this, if it is called on the event loop; else soon after.
    package func close() {
        eventLoop.runOrExecute { [self] in
            state.value.isClosed = true
            state.value.channel?.close(promise: nil)
            state.value.channel = nil
        }
    }

    /// Joins the groups at once; reading starts on the event loop.
    func open(kernelQueueBytes: Int32 = kernelQueueBytes) throws(LinuxNetworkError) {
        let descriptor = try Self.socket(kernelQueueBytes: kernelQueueBytes)
        let bootstrap = NIOPipeBootstrap(group: eventLoop)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.receiveBufferBytes))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = NetworkEventHandler(deliver: self.deliver, ended: self.channelEnded)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        // When it fails, NIO has closed the descriptor: a socket is valid input, and what comes after that closes the channel.
        bootstrap.takingOwnershipOfDescriptor(input: descriptor.released()).whenComplete { result in
            switch result {
            case .success(let channel): self.opened(channel)
            case .failure: self.channelEnded()
            }
        }
    }

    private static func socket(kernelQueueBytes: Int32) throws(LinuxNetworkError) -> FileDescriptor {
        let type = Int32(SOCK_RAW.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = try FileDescriptor(socket: AF_NETLINK, type: type, protocol: NETLINK_ROUTE)
        if descriptor.set(SOL_SOCKET, weft_so_rcvbufforce, to: kernelQueueBytes) != 0 {
            descriptor.set(SOL_SOCKET, SO_RCVBUF, to: kernelQueueBytes)
        }
        _ = try descriptor.bindNetlink()
        for group in NetworkEvent.groups {
            let failure = descriptor.set(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, to: group)
            guard failure == 0 else { throw LinuxNetworkError(errno: failure, call: "listen for changes of the network") }
        }
        return descriptor
    }

    private func opened(_ channel: any Channel) {
        guard !state.value.isClosed else { return channel.close(promise: nil) }
        state.value.channel = channel
    }

    private func deliver(_ event: NetworkEvent) {
        if !state.value.isClosed { handler(event) }
    }

    private func channelEnded() {
        state.value.channel = nil
        if !state.value.isClosed { scheduleReopening() }
    }

    private func scheduleReopening() {
        _ = eventLoop.scheduleTask(in: Self.reopenDelay) { self.reopen() }
    }

    private func reopen() {
        guard !state.value.isClosed else { return }
        guard (try? open()) != nil else { return scheduleReopening() }
        handler(.overflow)
    }
}

extension EventLoop {
    fileprivate func runOrExecute(_ body: @escaping @Sendable () -> Void) {
        if inEventLoop { body() } else { execute(body) }
    }
}

/// Turns datagrams into events: NIO reads the socket as a pipe, and one read is one datagram.
final class NetworkEventHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let deliver: (NetworkEvent) -> Void
    private let ended: () -> Void
    private var batch: [NetworkEvent] = []

    init(deliver: @escaping (NetworkEvent) -> Void, ended: @escaping () -> Void) {
        self.deliver = deliver
        self.ended = ended
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        for event in NetworkEvent.parse(Array(unwrapInboundIn(data).readableBytesView)[...]) where !batch.contains(event) {
            guard batch != [.overflow] else { return }
            if batch.count < NetworkObservation.eventsPerBatch { batch.append(event) } else { batch = [.overflow] }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        let events = batch.contains(.overflow) ? [.overflow] : batch
        batch.removeAll()
        events.forEach(deliver)
    }

    /// Lost events (`ENOBUFS`), most likely: the socket is opened anew.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended()
    }
}
