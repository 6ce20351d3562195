import Multiformats
import SecureChannel

/// A TLS handshake under way.
struct TLSHandshake: SecurityHandshake {
    /// Most bytes that a peer may take for it: certificates and keys are a few thousand.
    static let maximumByteCount = 16384
    /// As much is looked at at once: of what comes behind the handshake at most so much counts for it.
    private static let pieceLength = 1024

    private let engine: TLSEngine
    private var receivedCount = 0

    init(engine: TLSEngine) {
        self.engine = engine
    }

    mutating func start() throws(SecurityError) -> [UInt8] {
        engine.start()
        if let failure = engine.failure { throw failure }
        return engine.takeOutput()
    }

    mutating func receive(_ bytes: [UInt8], send: inout [UInt8]) throws(SecurityError) -> SecurityOutcome? {
        defer { send += engine.takeOutput() }
        var rest = bytes[...]
        while !rest.isEmpty, engine.agreement == nil {
            let piece = rest.prefix(Self.pieceLength)
            rest = rest.dropFirst(piece.count)
            receivedCount += piece.count
            guard receivedCount <= Self.maximumByteCount else { throw .failed("TLS: its handshake is too long") }
            engine.receive(piece)
            if let failure = engine.failure { throw failure }
        }
        guard let agreement = engine.agreement else { return nil }
        return try outcome(agreement.peer, agreement.applicationProtocol, rest)
    }

    private func outcome(
        _ peer: PeerID, _ applicationProtocol: String?, _ rest: ArraySlice<UInt8>
    ) throws(SecurityError) -> SecurityOutcome {
        guard let applicationProtocol else { throw .failed("TLS: it does not speak libp2p") }
        engine.receive(rest)
        if let failure = engine.failure { throw failure }
        return SecurityOutcome(
            session: TLSSession(engine: engine), remotePeer: peer,
            muxer: applicationProtocol == TLSCredentials.noMuxer ? nil : applicationProtocol, remainder: engine.takePlaintext())
    }
}

/// The encrypted connection after it.
struct TLSSession: SecuredSession {
    let engine: TLSEngine

    /// What BoringSSL and NIOSSL keep for a session that has been used (docs/decisions/0015-tls.md).
    static let upkeepBytes = 100 << 10

    var heldBytes: Int { Self.upkeepBytes + engine.pendingCount }

    mutating func encrypt(_ plaintext: [UInt8]) throws(SecurityError) -> [UInt8] {
        engine.write(plaintext)
        if let failure = engine.failure { throw failure }
        return engine.takeOutput()
    }

    mutating func decrypt(_ bytes: [UInt8], send: inout [UInt8]) throws(SecurityError) -> [UInt8] {
        defer { send += engine.takeOutput() }
        engine.receive(bytes[...])
        if let failure = engine.failure { throw failure }
        return engine.takePlaintext()
    }

    mutating func close() -> [UInt8] {
        engine.sayGoodbye()
        return engine.takeOutput()
    }
}
