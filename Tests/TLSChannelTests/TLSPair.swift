import Multiformats
import SecureChannel

@testable import TLSChannel

let yamux = "/yamux/1.0.0"
/// 2026-07-01.
let now: Int64 = 1_782_864_000

func identity(_ byte: UInt8) throws -> Identity { try Identity(seed: [UInt8](repeating: byte, count: Identity.seedLength)) }

func terms(_ role: SecurityRole, _ identity: Identity, expecting expectedPeer: PeerID? = nil, muxers: [String] = [yamux]) -> SecurityTerms {
    SecurityTerms(role: role, identity: identity, expectedPeer: expectedPeer, muxers: muxers, ephemeralSeed: [], staticSeed: [])
}

/// What one end of a connection has come to.
struct TLSEnd {
    private(set) var outcome: SecurityOutcome?
    var session: (any SecuredSession)?
    private(set) var failure: SecurityError?
    private(set) var plaintext: [UInt8] = []
    /// On the wire to the other end.
    var sent: [UInt8] = []
    private var handshake: any SecurityHandshake

    init(_ handshake: any SecurityHandshake) throws {
        self.handshake = handshake
        sent = try self.handshake.start()
    }

    mutating func receive(_ bytes: [UInt8]) {
        do throws(SecurityError) {
            if session != nil {
                plaintext += try session?.decrypt(bytes, send: &sent) ?? []
            } else if let outcome = try handshake.receive(bytes, send: &sent) {
                self.outcome = outcome
                session = outcome.session
                plaintext += outcome.remainder
            }
        } catch {
            failure = failure ?? error
        }
    }

    mutating func say(_ plaintext: [UInt8]) throws(SecurityError) {
        sent += try session?.encrypt(plaintext) ?? []
    }

    mutating func close() {
        sent += session?.close() ?? []
    }
}

/// Two ends back to back.
struct TLSPair {
    var dialer: TLSEnd
    var listener: TLSEnd
    /// How many bytes arrive at once.
    var chunk = Int.max

    init(_ dialer: any SecurityHandshake, _ listener: any SecurityHandshake, chunk: Int = .max) throws {
        self.dialer = try TLSEnd(dialer)
        self.listener = try TLSEnd(listener)
        self.chunk = chunk
    }

    /// Peers 1 and 2, who do not mind whom they meet.
    init(
        expecting expectedPeer: PeerID? = nil, dialerMuxers: [String] = [yamux], listenerMuxers: [String] = [yamux], chunk: Int = .max
    ) throws {
        try self.init(
            TLSSecurity { now }.handshake(terms(.initiator, identity(1), expecting: expectedPeer, muxers: dialerMuxers)),
            TLSSecurity { now }.handshake(terms(.responder, identity(2), muxers: listenerMuxers)), chunk: chunk)
    }

    /// One that stands.
    static func established() throws -> TLSPair {
        var pair = try TLSPair()
        pair.settle()
        return pair
    }

    /// Carries bytes to and fro until both are silent.
    mutating func settle() {
        while Self.carry(&dialer, &listener, chunk) || Self.carry(&listener, &dialer, chunk) {}
    }

    private static func carry(_ from: inout TLSEnd, _ to: inout TLSEnd, _ chunk: Int) -> Bool {
        guard !from.sent.isEmpty else { return false }
        let bytes = Array(from.sent.prefix(chunk))
        from.sent.removeFirst(bytes.count)
        to.receive(bytes)
        return true
    }
}
