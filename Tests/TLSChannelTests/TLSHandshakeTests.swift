import Crypto
import Multiformats
import NIOCore
import NIOEmbedded
import NIOSSL
import SecureChannel
import Testing
import WeftTestKit

@testable import TLSChannel

@Suite struct TLSHandshakeTests {
    @Test(arguments: [Int.max, 1000, 7, 1]) func bothEndsKnowEachOther(chunk: Int) throws {
        var pair = try TLSPair(expecting: identity(2).peerID, chunk: chunk)
        pair.settle()
        #expect(try pair.dialer.outcome?.remotePeer == identity(2).peerID)
        #expect(try pair.listener.outcome?.remotePeer == identity(1).peerID)
        #expect(pair.dialer.outcome?.muxer == yamux)
        #expect(pair.listener.outcome?.muxer == yamux)
        #expect(pair.dialer.failure == nil && pair.listener.failure == nil)
    }

    /// As with peers that only know the name "libp2p", and with those whose multiplexers are others.
    @Test(arguments: [([], [yamux]), ([yamux], []), (["/mplex/6.7.0"], [yamux])])
    func multiplexerIsLeftToNegotiation(dialer: [String], listener: [String]) throws {
        var pair = try TLSPair(dialerMuxers: dialer, listenerMuxers: listener)
        pair.settle()
        #expect(pair.dialer.outcome != nil && pair.dialer.outcome?.muxer == nil)
        #expect(pair.listener.outcome != nil && pair.listener.outcome?.muxer == nil)
    }

    @Test func nothingIsMadeBeforeTheFirstConnection() throws {
        let security = TLSSecurity { now }
        #expect(!security.hasCredentials)
        _ = try security.handshake(terms(.responder, identity(1)))
        #expect(security.hasCredentials)
    }

    @Test func connectionsOfOneHostShareItsCertificate() throws {
        let (dialer, listener) = (TLSSecurity { now }, TLSSecurity { now })
        for _ in 0..<3 {
            var pair = try TLSPair(
                dialer.handshake(terms(.initiator, identity(1))), listener.handshake(terms(.responder, identity(2))))
            pair.settle()
            #expect(pair.listener.outcome != nil)
        }
    }

    // MARK: Who must not be taken for the peer

    @Test func anotherPeerIsRefused() throws {
        let (expected, found) = try (identity(3).peerID, identity(2).peerID)
        var pair = try TLSPair(expecting: expected)
        pair.settle()
        #expect(pair.dialer.failure == .unexpectedPeer(expected: expected, found: found))
        #expect(pair.listener.outcome == nil)
        #expect(pair.listener.failure.map { "\($0)".contains("the other side refused") } == true)
    }

    /// The dialer has finished its part before the listener looks at its certificate: it hears of the refusal afterwards.
    @Test(arguments: [(Int64(-1), "not valid yet"), (67_100_000_000, "expired")])
    func clocksThatAreFarOffAreTold(time: Int64, text: String) throws {
        var pair = try TLSPair(
            TLSSecurity { now }.handshake(terms(.initiator, identity(1))), TLSSecurity { time }.handshake(terms(.responder, identity(2))))
        pair.settle()
        #expect(pair.dialer.outcome != nil)
        #expect(pair.dialer.failure.map { "\($0)".contains("the other side refused") } == true)
        #expect(pair.listener.outcome == nil)
        #expect(pair.listener.failure.map { "\($0)".contains(text) } == true)
    }

    @Test(arguments: [SecurityRole.initiator, .responder]) func exactlyOneCertificateIsTaken(role: SecurityRole) throws {
        let own = try identity(1)
        let key = P256.Signing.PrivateKey()
        let der = try PeerCertificate.make(for: own, key: key, serial: 1)
        let credentials = try TLSCredentials(
            peerID: own.peerID, muxers: [yamux], chain: [der, der], key: [UInt8](key.derRepresentation))
        let failure = try failure(meeting: credentials, as: role)
        #expect(failure == .failed("TLS: it has shown 2 certificates in the place of one"))
    }

    /// One as it might come from an authority: BoringSSL has nothing against it, and it says nothing of a peer.
    @Test(arguments: [SecurityRole.initiator, .responder]) func aCertificateWithoutAPeerIsRefused(role: SecurityRole) throws {
        let credentials = try TLSCredentials(
            peerID: identity(1).peerID, muxers: [yamux], chain: [hex(PlainCertificate.certificate)], key: hex(PlainCertificate.key))
        #expect(try failure(meeting: credentials, as: role) == .failed("TLS: its certificate names no libp2p peer"))
    }

    /// What an end of ours makes of one with these credentials, which plays `role`.
    private func failure(meeting credentials: TLSCredentials, as role: SecurityRole) throws -> SecurityError? {
        let judge = CertificateJudge(expectedPeer: nil, unixSeconds: { now })
        let theirs = TLSHandshake(engine: try TLSEngine(role: role, credentials: credentials, judge: judge))
        let ours = try TLSSecurity { now }.handshake(terms(role == .initiator ? .responder : .initiator, identity(2)))
        var pair = try role == .initiator ? TLSPair(theirs, ours) : TLSPair(ours, theirs)
        pair.settle()
        let end = role == .initiator ? pair.listener : pair.dialer
        #expect(end.outcome == nil)
        return end.failure
    }

    @Test func whoShowsNoCertificateIsRefused() throws {
        var client = TLSConfiguration.makeClientConfiguration()
        client.certificateVerification = .none
        client.applicationProtocols = [yamux, "libp2p"]
        let answer = try meet(client)
        #expect(answer.failure == .failed("TLS: peer did not return a certificate"))
    }

    @Test func olderVersionsAreRefused() throws {
        var client = TLSConfiguration.makeClientConfiguration()
        client.certificateVerification = .none
        client.maximumTLSVersion = .tlsv12
        #expect(try meet(client).failure.map { "\($0)".contains("unsupported protocol") } == true)
    }

    /// What a listener of ours makes of a client that is none of ours.
    private func meet(_ configuration: TLSConfiguration) throws -> TLSEnd {
        let handler = try NIOSSLClientHandler(context: NIOSSLContext(configuration: configuration), serverHostname: nil)
        let client = EmbeddedChannel(handler: handler)
        var listener = try TLSEnd(TLSSecurity { now }.handshake(terms(.responder, identity(2))))
        client.pipeline.fireChannelActive()
        for _ in 0..<4 {
            while let bytes = try client.readOutbound(as: ByteBuffer.self) { listener.receive(Array(bytes.readableBytesView)) }
            _ = try? client.writeInbound(ByteBuffer(bytes: listener.sent))
            listener.sent = []
        }
        client.pipeline.syncOperations.removeHandler(handler, promise: nil)
        _ = try? client.finish(acceptAlreadyClosed: true)
        return listener
    }

    /// Without a protocol in common (RFC 7301), in the one way that NIOSSL lets pass: the client names none.
    @Test func whoDoesNotNameLibp2pIsRefused() throws {
        let own = try identity(1)
        let key = P256.Signing.PrivateKey()
        let der = try PeerCertificate.make(for: own, key: key, serial: 1)
        var client = TLSConfiguration.makeClientConfiguration()
        client.certificateVerification = .none
        client.certificateChain = [.certificate(try NIOSSLCertificate(bytes: der, format: .der))]
        client.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: [UInt8](key.derRepresentation), format: .der))
        #expect(try meet(client).failure == .failed("TLS: it does not speak libp2p"))
    }

    // MARK: Garbage

    @Test func whatIsNoTLSIsRefusedAtOnce() throws {
        var listener = try TLSEnd(TLSSecurity { now }.handshake(terms(.responder, identity(2))))
        listener.receive(Array("GET / HTTP/1.1\r\n\r\n".utf8))
        #expect(listener.failure == .failed("TLS: http request"))
        listener.receive(Array("more".utf8))
        #expect(listener.failure == .failed("TLS: http request"))
    }

    /// A handshake message that announces much and comes bit by bit.
    @Test func aLongHandshakeIsRefused() throws {
        var listener = try TLSEnd(TLSSecurity { now }.handshake(terms(.responder, identity(2))))
        let record: [UInt8] = [22, 3, 1, 0x10, 0] + [1, 0, 0x3f, 0xf0] + [UInt8](repeating: 0, count: 4092)
        var fed = 0
        while listener.failure == nil, fed < 1 << 20 {
            let piece = fed == 0 ? record : [22, 3, 1, 0x01, 0] + [UInt8](repeating: 0, count: 256)
            listener.receive(piece)
            fed += piece.count
        }
        #expect(listener.failure != nil)
        #expect(fed <= TLSHandshake.maximumByteCount + 4101)
    }

    @Test func tooManyBytesEndTheHandshake() throws {
        var listener = try TLSEnd(TLSSecurity { now }.handshake(terms(.responder, identity(2))))
        listener.receive([UInt8](repeating: 0, count: 3))
        #expect(listener.failure == nil)
        // Empty records, which TLS 1.3 would have to stand for a while.
        var fed = 0
        while listener.failure == nil, fed < 1 << 20 {
            listener.receive([20, 3, 3, 0, 1, 1])
            fed += 6
        }
        #expect(listener.failure != nil)
    }

    /// Whatever is damaged on the way: no trap, and nobody is taken for another.
    @Test func damagedHandshakesProveNobody() throws {
        var random = SeededGenerator(seed: testSeed("damaged TLS handshakes"))
        let security = TLSSecurity { now }
        let (first, second) = try (identity(1), identity(2))
        for _ in 0..<2000 {
            var pair = try TLSPair(security.handshake(terms(.initiator, first)), security.handshake(terms(.responder, second)))
            let turn = Int.random(in: 0..<4, using: &random)
            for step in 0..<4 {
                let bytes = step % 2 == 0 ? pair.dialer.sent : pair.listener.sent
                let carried = step == turn ? random.mutated(bytes, among: [bytes]) : bytes
                if step % 2 == 0 { (pair.dialer.sent, _) = ([], pair.listener.receive(carried)) }
                if step % 2 == 1 { (pair.listener.sent, _) = ([], pair.dialer.receive(carried)) }
            }
            #expect(pair.dialer.outcome.map { $0.remotePeer == second.peerID } ?? true)
            #expect(pair.listener.outcome.map { $0.remotePeer == first.peerID } ?? true)
        }
    }
}
