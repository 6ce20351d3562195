import CLinux
import Glibc
import NIOCore
import NIOPosix

/// SIGINT, SIGTERM and SIGHUP as events on the loop (signalfd(2)): no handler runs in the middle of something else.
package struct Signals: Sendable {
    private let descriptor: CInt

    /// Blocks the signals for this thread and all that it starts. Call it before the first thread is started.
    package static func block() -> Signals? {
        let descriptor = weft_signalfd()
        return descriptor >= 0 ? Signals(descriptor: descriptor) : nil
    }

    /// Calls `handler` on the loop for each signal.
    package func deliver(on eventLoop: any EventLoop, _ handler: @escaping @Sendable (CInt) -> Void) async throws {
        _ = try await NIOPipeBootstrap(group: eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(SignalHandler(handler)) }
            }
            .takingOwnershipOfDescriptor(input: descriptor).get()
    }
}

private final class SignalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let handler: @Sendable (CInt) -> Void

    init(_ handler: @escaping @Sendable (CInt) -> Void) {
        self.handler = handler
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        let size = MemoryLayout<signalfd_siginfo>.size
        while let signal = buffer.getInteger(at: buffer.readerIndex, endianness: .host, as: UInt32.self),
            buffer.readSlice(length: size) != nil
        {
            handler(CInt(truncatingIfNeeded: signal))
        }
    }
}
