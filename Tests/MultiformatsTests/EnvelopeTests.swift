import IPAddresses
import Multiformats
import Testing
import WeftTestKit

@Suite struct EnvelopeTests {
    let identity: Identity
    let record: PeerRecord

    init() throws {
        identity = try Identity(seed: Vector.seed)
        record = PeerRecord(peerID: identity.peerID, sequence: 1, addresses: [try Multiaddr("/ip4/10.0.0.1/tcp/4001")])
    }

    @Test func `golden vector`() throws {
        let envelope = try record.sealed(by: identity)
        #expect(envelope.payload == Vector.record)
        #expect(envelope.encoded == Vector.envelope)
        #expect(identity.publicKey.isValidSignature(envelope.signature, for: Vector.envelopeSignedBytes))
        #expect(try PeerRecord.open(Vector.envelope) == record)
    }

    @Test func `what was sealed opens`() throws {
        let sealed = try SignedEnvelope.seal([1, 2, 3], type: [9], domain: "weft", by: identity)
        #expect(try SignedEnvelope.open(sealed.encoded, type: [9], domain: "weft", maximumLength: 200) == sealed)
        let empty = try SignedEnvelope.seal([], type: [], domain: "", by: identity)
        #expect(try SignedEnvelope.open(empty.encoded, type: [], domain: "", maximumLength: 200) == empty)
    }

    @Test func `errors say which`() throws {
        let bytes = try SignedEnvelope.seal([1, 2, 3], type: [9], domain: "weft", by: identity).encoded
        func open(_ bytes: [UInt8], type: [UInt8] = [9], domain: String = "weft", limit: Int = 200) throws {
            _ = try SignedEnvelope.open(bytes, type: type, domain: domain, maximumLength: limit)
        }
        #expect(throws: EnvelopeError.badSignature) { try open(bytes, domain: "warp") }
        #expect(throws: EnvelopeError.wrongType([9])) { try open(bytes, type: [8]) }
        #expect(throws: EnvelopeError.tooLong) { try open(bytes, limit: bytes.count - 1) }
        #expect(throws: EnvelopeError.malformed) { try open([]) }
        #expect(throws: EnvelopeError.malformed) { try open(Array(bytes.dropLast())) }
        #expect(throws: EnvelopeError.key(.invalidKey)) { try open(hex("0a0508011201ff") + bytes.dropFirst(38)) }
    }

    @Test func `every altered bit is noticed`() throws {
        for index in Vector.envelope.indices {
            var bytes = Vector.envelope
            bytes[index] ^= 1
            #expect(throws: EnvelopeError.self) { try PeerRecord.open(bytes) }
        }
    }

    @Test func `nobody signs for another`() throws {
        let other = try Identity(seed: [UInt8](repeating: 5, count: 32))
        #expect(throws: EnvelopeError.wrongSigner) { try record.sealed(by: other) }
        let forged = try SignedEnvelope.seal(Vector.record, type: PeerRecord.payloadType, domain: PeerRecord.domain, by: other)
        #expect(throws: EnvelopeError.wrongSigner) { try PeerRecord.open(forged.encoded) }
    }

    @Test func `skips unknown addresses and those beyond the limit`() throws {
        let unknown = hex("0a26") + Vector.peerID + hex("1a040a02cf03") + hex("1a0a0a08040a000001060fa1")
        let sealed = try SignedEnvelope.seal(unknown, type: PeerRecord.payloadType, domain: PeerRecord.domain, by: identity)
        #expect(try PeerRecord.open(sealed.encoded).addresses.map(\.description) == ["/ip4/10.0.0.1/tcp/4001"])
        var many = record
        many.addresses = Array(repeating: record.addresses[0], count: PeerRecord.maximumAddressCount + 1)
        #expect(try PeerRecord.open(many.sealed(by: identity).encoded).addresses.count == PeerRecord.maximumAddressCount)
    }

    @Test func `a payload that is no record is malformed`() throws {
        let sealed = try SignedEnvelope.seal([0xff], type: PeerRecord.payloadType, domain: PeerRecord.domain, by: identity)
        #expect(throws: EnvelopeError.malformed) { try PeerRecord.open(sealed.encoded) }
        #expect(throws: EnvelopeError.tooLong) { try PeerRecord.open([UInt8](repeating: 0, count: PeerRecord.maximumByteCount + 1)) }
    }
}
