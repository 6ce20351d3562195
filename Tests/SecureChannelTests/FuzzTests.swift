import Multiformats
import Testing
import WeftTestKit

@testable import SecureChannel

@Suite struct FuzzTests {
    static let rounds = 100_000

    private func fuzz(_ name: String, _ corpus: [[UInt8]], _ body: ([UInt8]) -> Void) {
        var random = SeededGenerator(seed: testSeed(name))
        for _ in 0..<Self.rounds {
            body(random.mutated(corpus.randomElement(using: &random) ?? [], among: corpus))
        }
    }

    @Test func `multistream, header included`() {
        let header = MultistreamTests.header
        let corpus = [
            header, header + MultistreamTests.line("/noise"), header + MultistreamTests.line("na") + MultistreamTests.line("/noise"),
            header + MultistreamTests.line("/libp2p/simultaneous-connect") + MultistreamTests.line("/noise") + [1, 2, 3],
        ]
        fuzz("multistream", corpus) { frame in
            var responder = MultistreamNegotiation(supporting: ["/noise"])
            var initiator = MultistreamNegotiation(proposing: ["/tls", "/noise"])
            #expect(((try? responder.receive(frame))?.send.count ?? 0) <= MultistreamNegotiation.maximumProposalCount * 4 + 8)
            _ = try? initiator.receive(frame)
            _ = try? responder.receive(frame)
        }
    }

    @Test func `multistream, after the header`() {
        let corpus = ["/noise", "na", "ls", "/libp2p/simultaneous-connect"].map(MultistreamTests.line)
        fuzz("multistream messages", corpus + [Array(corpus.joined())]) { frame in
            var responder = MultistreamNegotiation(supporting: ["/noise"])
            if let outcome = (try? responder.receive(MultistreamTests.header + frame))?.outcome {
                #expect(outcome.protocolID == "/noise" && outcome.remainder.count <= frame.count)
            }
            var initiator = MultistreamNegotiation(proposing: ["/tls", "/noise"])
            _ = try? initiator.receive(MultistreamTests.header + frame)
        }
    }

    @Test func `noise handshake`() throws {
        let messages = try NoisePair.transcript()
        let pair = try NoisePair()
        var initiator = pair.initiator
        _ = try initiator.start()
        var responder = pair.responder
        _ = try responder.start()
        var waiting = responder
        _ = try waiting.receive(messages[0])
        fuzz("noise handshake", messages) { frame in
            var first = initiator
            if let outcome = (try? first.receive(frame))?.outcome { #expect(outcome.remotePeer == pair.identities.responder.peerID) }
            // Only one of the two costs an exchange of keys per frame.
            var third = waiting
            if let outcome = (try? third.receive(frame))?.outcome { #expect(outcome.remotePeer == pair.identities.initiator.peerID) }
        }
    }

    @Test func `noise first message`() throws {
        let messages = try NoisePair.transcript()
        let pair = try NoisePair()
        var responder = pair.responder
        _ = try responder.start()
        // The initiator's two messages in one piece are a whole handshake, which a splice of the corpus can put together.
        var whole = responder
        #expect(try whole.receive(messages[0] + messages[2]).outcome?.remotePeer == pair.identities.initiator.peerID)
        fuzz("noise first message", messages) { frame in
            var second = responder
            if let outcome = (try? second.receive(frame))?.outcome { #expect(outcome.remotePeer == pair.identities.initiator.peerID) }
        }
    }

    /// Behind the encryption: what a member that misbehaves can send.
    @Test func `noise payload`() throws {
        let identity = try Identity(seed: Vector.identitySeed)
        let plain = try NoisePayload(identity: identity, staticKey: Vector.noiseStatic, muxers: []).encoded()
        let muxers = try NoisePayload(identity: identity, staticKey: Vector.noiseStatic, muxers: ["/a", "/b"]).encoded()
        fuzz("noise payload", [plain, muxers]) { frame in
            guard let payload = try? NoisePayload(bytes: frame, staticKey: Vector.noiseStatic) else { return }
            #expect(payload.identityKey == identity.publicKey)
        }
    }

    @Test func `noise transport`() throws {
        var ends = try #require(try NoisePair.sessions())
        let frames = try [[1, 2, 3], [], [UInt8](repeating: 5, count: 300)].map { try ends.initiator.encrypt($0) }
        fuzz("noise transport", frames + [Array(frames.joined())]) { frame in
            var receiver = ends.responder
            if let plain = try? receiver.decrypt(frame) { #expect(plain.count <= frame.count) }
            _ = try? receiver.decrypt(frame)
        }
    }
}
