import Testing
import WeftTestKit

@testable import Multiformats

/// Hostile bytes: nothing traps, and what is accepted survives a round trip.
@Suite struct FuzzTests {
    static let rounds = 100_000

    private func fuzz(_ name: String, _ corpus: [[UInt8]], _ body: ([UInt8]) -> Void) {
        var random = SeededGenerator(seed: testSeed(name))
        for _ in 0..<Self.rounds {
            body(random.mutated(corpus.randomElement(using: &random) ?? [], among: corpus))
        }
    }

    @Test func `varint`() {
        fuzz("varint", [0, 1, 127, 128, 300, 1 << 40, .max >> 1, .max].map(Varint.encode)) { frame in
            var rest = frame[...]
            guard let value = try? Varint.decode(&rest) else { return }
            #expect(Varint.encode(value) == Array(frame[..<rest.startIndex]))
        }
    }

    @Test func `length-prefixed`() {
        let corpus = [LengthPrefixed.encode([]), LengthPrefixed.encode([1, 2, 3]), LengthPrefixed.encode(Array(repeating: 1, count: 200))]
        fuzz("length-prefixed", corpus) { frame in
            var decoder = LengthPrefixedDecoder(maximumLength: 256)
            decoder.append(frame)
            var total = 0
            while let payload = try? decoder.next() { total += payload.count + 1 }
            #expect(total + decoder.remainder.count <= frame.count)
        }
    }

    @Test func `peer id`() {
        let hashed = hex("1220") + [UInt8](repeating: 3, count: 32)
        fuzz("peer id", [Vector.peerID, hashed, Array(Vector.peerIDBase58.utf8), Array(Vector.peerIDCID.utf8)]) { frame in
            if let id = try? PeerID(bytes: frame) {
                #expect(id.bytes == frame)
                #expect((try? PeerID(id.description)) == id)
                if let key = id.publicKey { #expect(key.peerID == id) }
            }
            _ = try? PeerID(String(decoding: frame, as: UTF8.self))
        }
    }

    @Test func `public key`() {
        let corpus = [
            Vector.publicKeyProtobuf, hex("0803125b") + Vector.p256Key, hex("08021221") + Vector.secp256k1Key,
            hex("080012a602") + Vector.rsaKey,
        ]
        fuzz("public key", corpus) { frame in
            if let key = try? PublicKey(protobuf: frame) { #expect(key.protobuf == frame) }
            _ = try? Identity(privateKeyProtobuf: frame)
        }
    }

    @Test func envelope() throws {
        let identity = try Identity(seed: Vector.seed)
        let other = try SignedEnvelope.seal([1, 2, 3], type: PeerRecord.payloadType, domain: PeerRecord.domain, by: identity).encoded
        fuzz("envelope", [Vector.envelope, other]) { frame in
            guard
                let envelope = try? SignedEnvelope.open(
                    frame, type: PeerRecord.payloadType, domain: PeerRecord.domain, maximumLength: 300)
            else { return }
            #expect(envelope.payload == Vector.record || envelope.payload == [1, 2, 3])
        }
    }

    /// Behind the signature: what a peer that misbehaves can send.
    @Test func `peer record`() {
        fuzz("peer record", [Vector.record]) { payload in
            guard let record = try? PeerRecord(payload: payload) else { return }
            #expect(record.addresses.count <= PeerRecord.maximumAddressCount)
        }
    }

    @Test func `multiaddr bytes`() {
        fuzz("multiaddr bytes", Vector.multiaddrs.map(\.bytes)) { frame in
            guard let address = try? Multiaddr(bytes: frame) else { return }
            #expect(address.bytes == frame)
            #expect((try? Multiaddr(address.description)) == address, "\(address)")
        }
    }

    @Test func `multiaddr text`() {
        fuzz("multiaddr text", Vector.multiaddrs.map { Array($0.text.utf8) }) { frame in
            guard let address = try? Multiaddr(String(decoding: frame, as: UTF8.self)) else { return }
            #expect((try? Multiaddr(address.description)) == address)
            #expect((try? Multiaddr(bytes: address.bytes)) == address)
        }
    }
}
