import Multiformats
import Testing

@testable import SecureChannel

/// One end of a connection: private network, then multistream, then Noise.
private struct StackEnd {
    var cipher: PrivateNetworkCipher
    var negotiation: MultistreamNegotiation
    var handshake: NoiseHandshake
    var isNegotiated = false
    var outcome: NoiseHandshake.Outcome?

    mutating func start() -> [UInt8] { cipher.encrypt(negotiation.start()) }

    mutating func receive(_ wire: [UInt8]) throws -> [UInt8] {
        var bytes = cipher.decrypt(wire)
        var send: [UInt8] = []
        if !isNegotiated {
            let step = try negotiation.receive(bytes)
            send += step.send
            guard let done = step.outcome else { return send.isEmpty ? [] : cipher.encrypt(send) }
            isNegotiated = true
            send += try handshake.start()
            bytes = done.remainder
        }
        if outcome == nil, !bytes.isEmpty {
            let step = try handshake.receive(bytes)
            send += step.send
            outcome = step.outcome
        }
        return send.isEmpty ? [] : cipher.encrypt(send)
    }
}

@Suite struct StackTests {
    private func end(
        _ negotiation: MultistreamNegotiation, _ handshake: NoiseHandshake, key byte: UInt8 = 7, nonce: UInt8
    ) throws -> StackEnd {
        let key = try #require(PrivateNetworkKey(bytes: [UInt8](repeating: byte, count: 32)))
        let cipher = try PrivateNetworkCipher(key: key, nonce: [UInt8](repeating: nonce, count: 24))
        return StackEnd(cipher: cipher, negotiation: negotiation, handshake: handshake)
    }

    @Test(arguments: [1, 3, 50, .max])
    func `stacked, back to back`(size: Int) throws {
        let pair = try NoisePair()
        var initiator = try end(MultistreamNegotiation(proposing: ["/tls/1.0.0", "/noise"]), pair.initiator, nonce: 1)
        var responder = try end(MultistreamNegotiation(supporting: ["/noise"]), pair.responder, nonce: 2)
        var toResponder = initiator.start()
        var toInitiator = responder.start()
        while !toResponder.isEmpty || !toInitiator.isEmpty {
            let first = Array(toResponder.prefix(size))
            toResponder.removeFirst(first.count)
            toInitiator += try responder.receive(first)
            let second = Array(toInitiator.prefix(size))
            toInitiator.removeFirst(second.count)
            toResponder += try initiator.receive(second)
        }
        let first = try #require(initiator.outcome)
        let second = try #require(responder.outcome)
        #expect(first.remotePeer == pair.identities.responder.peerID)
        #expect(second.remotePeer == pair.identities.initiator.peerID)
        #expect(first.muxer == NoisePair.yamux && second.muxer == NoisePair.yamux)
    }

    @Test func `another secret is seen by both ends at once`() throws {
        let pair = try NoisePair()
        var initiator = try end(MultistreamNegotiation(proposing: ["/noise"]), pair.initiator, nonce: 1)
        var responder = try end(MultistreamNegotiation(supporting: ["/noise"]), pair.responder, key: 8, nonce: 2)
        let (opening, greeting) = (initiator.start(), responder.start())
        #expect(throws: MultistreamError.garbageHeader) { try responder.receive(opening) }
        #expect(throws: MultistreamError.garbageHeader) { try initiator.receive(greeting) }
    }
}
