import Multiformats
import Testing

@testable import SecureChannel

@Suite struct NoiseHandshakeTests {
    @Test(arguments: [1, 2, 7, 100, .max])
    func `back to back, in pieces`(size: Int) throws {
        var pair = try NoisePair()
        var (first, second) = try #require(try pair.run(pieces: size))
        #expect(first.remotePeer == pair.identities.responder.peerID)
        #expect(second.remotePeer == pair.identities.initiator.peerID)
        #expect(second.remoteKey == pair.identities.initiator.publicKey)
        #expect(first.muxer == NoisePair.yamux && second.muxer == NoisePair.yamux)
        #expect(try second.session.decrypt(first.session.encrypt([1, 2, 3])) == [1, 2, 3])
        #expect(try first.session.decrypt(second.session.encrypt([4])) == [4])
    }

    @Test(
        arguments: [
            ([], [], nil), (["/a"], [], nil), ([], ["/a"], nil), (["/a"], ["/b"], nil), (["/a", "/b"], ["/b", "/a"], "/a"),
            (["/c", "/b"], ["/a", "/b"], "/b"),
        ] as [([String], [String], String?)])
    func `both ends choose the same multiplexer`(initiator: [String], responder: [String], expected: String?) throws {
        var pair = try NoisePair(initiatorMuxers: initiator, responderMuxers: responder)
        let (first, second) = try #require(try pair.run())
        #expect(first.muxer == expected)
        #expect(second.muxer == expected)
    }

    @Test func `the dialled peer must answer`() throws {
        let right = try Identity(seed: [UInt8](repeating: 9, count: 32)).peerID
        var good = try NoisePair(expecting: right)
        #expect(try good.run() != nil)
        let other = try PeerID("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N")
        var bad = try NoisePair(expecting: other)
        #expect(throws: NoiseError.wrongPeer(expected: other, got: right)) { try bad.run() }
        #expect(throws: NoiseError.wrongPeer(expected: other, got: right)) { try bad.initiator.receive([]) }
    }

    @Test func `bytes after the handshake are kept`() throws {
        var pair = try NoisePair()
        _ = try pair.responder.start()
        let second = try pair.responder.receive(pair.initiator.start()).send
        let third = try pair.initiator.receive(second)
        var session = try #require(third.outcome).session
        var done = try #require(try pair.responder.receive(third.send + session.encrypt([7, 8])).outcome)
        #expect(try done.session.decrypt(done.remainder) == [7, 8])
    }

    @Test func `every altered byte of messages 2 and 3 is noticed`() throws {
        let messages = try NoisePair.transcript()
        for index in messages[1].indices.dropFirst(NoiseFrame.headerLength) {
            var pair = try NoisePair()
            _ = try pair.initiator.start()
            var altered = messages[1]
            altered[index] ^= 0x80
            // The top bit of an X25519 key is ignored by the curve, but not by the transcript.
            #expect(throws: NoiseError.badMAC) { try pair.initiator.receive(altered) }
        }
        for index in messages[2].indices.dropFirst(NoiseFrame.headerLength) {
            var pair = try NoisePair()
            _ = try pair.responder.start()
            _ = try pair.responder.receive(messages[0])
            var altered = messages[2]
            altered[index] ^= 1
            #expect(throws: NoiseError.badMAC) { try pair.responder.receive(altered) }
        }
    }

    @Test func `messages of the wrong size`() throws {
        var short = try NoisePair()
        _ = try short.responder.start()
        #expect(throws: NoiseError.malformed) { try short.responder.receive([0, 0]) }
        var long = try NoisePair()
        _ = try long.responder.start()
        let limit = NoiseHandshake.maximumMessageLength
        #expect(throws: Never.self) { try long.responder.receive(NoiseFrame.header(limit)) }
        var longer = try NoisePair()
        _ = try longer.responder.start()
        #expect(throws: NoiseError.malformed) { try longer.responder.receive(NoiseFrame.header(limit + 1)) }
    }

    @Test func `calls out of order`() throws {
        var pair = try NoisePair()
        #expect(throws: NoiseError.outOfOrder) { try pair.responder.receive([]) }
        _ = try #require(try pair.run())
        #expect(throws: NoiseError.outOfOrder) { try pair.initiator.start() }
        #expect(throws: NoiseError.outOfOrder) { try pair.responder.receive([1]) }
        let identity = pair.identities.initiator
        #expect(throws: NoiseError.invalidSeed) {
            try NoiseHandshake(
                role: .initiator, identity: identity, expectedPeer: nil, muxers: [], ephemeralSeed: [], staticSeed: [])
        }
    }

    @Test func `never prints keys`() throws {
        var pair = try NoisePair()
        var dumped = ""
        dump(pair.initiator, to: &dumped)
        dump(try #require(try pair.run()).0.session, to: &dumped)
        #expect(dumped.contains("secret") && dumped.split(separator: "\n").count == 2)
    }
}
