import Multiformats
import NIOCore
import NIOEmbedded
import NIOSSL
import NIOTLS
import SecureChannel

/// One TLS connection in memory: SwiftNIO's handler in a channel without a socket, on an event loop without a thread, which runs when it is
/// called. So TLS is a machine as Noise is: bytes in, bytes out.
///
/// Belongs to one handshake, then to one session, and is of use on the thread that has made it.
// Sendable: a connection is a value that one actor owns; whoever sends it elsewhere does not keep it. NIO's types check their thread themselves.
final class TLSEngine: @unchecked Sendable {
    /// As much is handed over at once, either way: NIOSSL keeps buffers of the size of the largest. A record carries as much.
    static let pieceLength = 1 << 14

    private let channel: EmbeddedChannel
    private let handler: NIOSSLHandler
    private let judge: CertificateJudge
    private let events: TLSEvents
    private var meter = TLSRecordMeter()
    private var hasSaidGoodbye = false

    init(role: SecurityRole, credentials: TLSCredentials, judge: CertificateJudge) throws(SecurityError) {
        events = TLSEvents()
        self.judge = judge
        // Answered at once; NIOSSL goes on with the handshake when the loop runs.
        let verify: NIOSSLCustomVerificationCallback = { certificates, promise in promise.succeed(judge.judge(certificates)) }
        switch role {
        case .responder:
            handler = NIOSSLServerHandler(context: credentials.server, customVerificationCallback: verify)
        case .initiator:
            do {
                handler = try NIOSSLClientHandler(context: credentials.client, serverHostname: nil, customVerificationCallback: verify)
            } catch {
                throw .failed(TLSErrorText.describe(error))
            }
        }
        channel = EmbeddedChannel(handlers: [handler, events])
        channel.allowRemoteHalfClosure = true  // what the peer has said before its close_notify may be worth an answer
    }

    deinit {
        // Without the handler the channel ends at once, and what in NIOSSL refers to itself is let go.
        channel.pipeline.syncOperations.removeHandler(handler, promise: nil)
        _ = try? channel.finish(acceptAlreadyClosed: true)
    }

    // MARK: State

    /// Who is there and which protocol was agreed on, once the handshake is done.
    var agreement: (peer: PeerID, applicationProtocol: String?)? {
        guard events.isEstablished, case .success(let peer)? = judge.verdict else { return nil }
        return (peer, events.applicationProtocol)
    }

    /// Why the connection cannot go on; what the certificates have shown tells more than what TLS makes of it.
    var failure: SecurityError? {
        if case .failure(let error) = judge.verdict { return error }
        if let error = events.failure { return .failed(TLSErrorText.describe(error)) }
        return events.isClosed && !hasSaidGoodbye ? .failed("TLS: the connection is closed") : nil
    }

    /// Bytes of a record that is not whole.
    var pendingCount: Int { failure == nil ? meter.pendingCount : 0 }

    // MARK: What comes and goes

    func start() {
        channel.pipeline.fireChannelActive()
        channel.embeddedEventLoop.run()
    }

    /// Takes bytes from the wire; see `takePlaintext` and `takeOutput`. What follows the end is passed over (RFC 8446 section 6.1).
    func receive(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while !rest.isEmpty, !events.isAtEnd {
            let piece = rest.prefix(Self.pieceLength)
            rest = rest.dropFirst(piece.count)
            meter.take(piece)
            _ = try? channel.writeInbound(ByteBuffer(bytes: piece))  // errors reach `events`
            channel.embeddedEventLoop.run()
            judgeResumed()
        }
    }

    /// Who goes on with an earlier session of ours shows no certificate again: the session remembers it. NIOSSL's server hands out tickets
    /// for that, and there is no way to keep it from doing so.
    private func judgeResumed() {
        guard events.isEstablished, judge.verdict == nil else { return }
        _ = judge.judge(handler.peerCertificate.map { [$0] } ?? [])
    }

    func write(_ plaintext: [UInt8]) {
        var rest = plaintext[...]
        while !rest.isEmpty, !events.isClosed, !hasSaidGoodbye {
            let piece = rest.prefix(Self.pieceLength)
            rest = rest.dropFirst(piece.count)
            channel.writeAndFlush(ByteBuffer(bytes: piece), promise: nil)
        }
    }

    /// TLS's close_notify.
    func sayGoodbye() {
        guard !hasSaidGoodbye, !events.isClosed else { return }
        hasSaidGoodbye = true
        channel.close(promise: nil)
    }

    func takePlaintext() -> [UInt8] {
        defer { events.plaintext = [] }
        return events.plaintext
    }

    /// Bytes for the wire.
    func takeOutput() -> [UInt8] {
        var output: [UInt8] = []
        while let buffer = try? channel.readOutbound(as: ByteBuffer.self) { output += buffer.readableBytesView }
        return output
    }
}

/// The end of the pipeline: what TLS has to tell.
private final class TLSEvents: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    var plaintext: [UInt8] = []
    private(set) var isEstablished = false
    private(set) var applicationProtocol: String?
    /// The first.
    private(set) var failure: (any Error)?
    private(set) var isClosed = false
    /// The peer has said that nothing follows.
    private var isInputClosed = false

    var isAtEnd: Bool { isClosed || isInputClosed || failure != nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        plaintext += unwrapInboundIn(data).readableBytesView
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let applicationProtocol)? = event as? TLSUserEvent {
            isEstablished = true
            self.applicationProtocol = applicationProtocol
        } else if case .inputClosed? = event as? ChannelEvent {
            isInputClosed = true
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = failure ?? error
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosed = true
    }
}
