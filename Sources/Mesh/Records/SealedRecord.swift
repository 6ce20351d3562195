import Crypto
import Multiformats

/// Makes a record of the bytes of an envelope, as `SealedRecord.open` does.
package typealias RecordOpener = @Sendable ([UInt8]) throws(RecordError) -> SealedRecord

/// A node record with its author's signature: the only form in which records travel and are kept. An object that never changes: whoever
/// holds it shares it.
package final class SealedRecord: Sendable {
    /// Signatures for anything else cannot pass as signatures of a record (RFC 0002).
    static let domain = "weft-node-record"
    static let payloadType = Array("/weft/record/1".utf8)

    package let record: NodeRecord
    /// The signed envelope, in the one form that our own encoder gives it.
    package let envelope: [UInt8]
    /// What was signed. Fields that this version does not know are still in it.
    let payload: [UInt8]
    /// Where the author stands among all peers when two nodes compare.
    let key: SyncKey
    /// Tells this record from all others when two nodes compare: the first 16 bytes of SHA-256 over peer id, sequence and what was signed;
    /// never 0.
    let stamp: UInt128

    private init(record: NodeRecord, envelope: [UInt8], payload: [UInt8]) {
        self.record = record
        self.envelope = envelope
        self.payload = payload
        key = SyncKey(record.peer)
        stamp = Self.stamp(of: record, payload)
    }

    private convenience init(record: NodeRecord, envelope: SignedEnvelope) {
        self.init(record: record, envelope: envelope.encoded, payload: envelope.payload)
    }

    /// For tests of large memberships, in which signing would take the time.
    convenience init(unchecked record: NodeRecord) {
        self.init(record: record, envelope: [], payload: [])
    }

    private static func stamp(of record: NodeRecord, _ payload: [UInt8]) -> UInt128 {
        var hash = SHA256()
        hash.update(data: record.peer.bytes)
        withUnsafeBytes(of: record.sequence.bigEndian) { hash.update(bufferPointer: $0) }
        hash.update(data: payload)
        return max(1, hash.finalize().prefix(16).reduce(0) { $0 << 8 | UInt128($1) })
    }

    /// Verifies the signature, that the signer is the peer that the record speaks of, and all limits.
    package static func open(_ bytes: [UInt8]) throws(RecordError) -> SealedRecord {
        guard bytes.count <= RecordLimits.maximumEnvelopeLength else { throw .tooLong(byteCount: bytes.count) }
        let envelope = try openEnvelope(bytes)
        let record = try NodeRecord(decoding: envelope.payload)
        guard record.peer == envelope.publicKey.peerID else { throw .wrongSigner }
        let sealed = SealedRecord(record: record, envelope: envelope)
        guard sealed.envelope.count <= RecordLimits.maximumEnvelopeLength else { throw .tooLong(byteCount: sealed.envelope.count) }
        return sealed
    }

    /// The same as `opener` gives, without the work for a record that is held already: it was verified when it came.
    static func open(
        _ bytes: [UInt8], holding membership: Membership, else opener: RecordOpener = SealedRecord.open
    ) throws(RecordError) -> SealedRecord {
        if let signer = SignedEnvelope.claimedSigner(of: bytes), let held = membership[signer]?.sealed, held.envelope == bytes {
            return held
        }
        return try opener(bytes)
    }

    private static func openEnvelope(_ bytes: [UInt8]) throws(RecordError) -> SignedEnvelope {
        do throws(EnvelopeError) {
            return try SignedEnvelope.open(bytes, type: payloadType, domain: domain, maximumLength: RecordLimits.maximumEnvelopeLength)
        } catch {
            throw error == .badSignature ? .badSignature : .badEnvelope
        }
    }

    fileprivate static func seal(_ record: NodeRecord, by identity: Identity) throws(RecordError) -> SealedRecord {
        guard record.peer == identity.peerID else { throw .wrongSigner }
        try record.check()
        let payload = try record.encoded()
        guard let envelope = try? SignedEnvelope.seal(payload, type: payloadType, domain: domain, by: identity) else {
            throw .signingFailed
        }
        let sealed = SealedRecord(record: record, envelope: envelope)
        guard sealed.envelope.count <= RecordLimits.maximumEnvelopeLength else { throw .tooLong(byteCount: sealed.envelope.count) }
        return sealed
    }
}

extension SealedRecord: Hashable {
    package static func == (left: SealedRecord, right: SealedRecord) -> Bool {
        left === right || left.record == right.record && left.envelope == right.envelope && left.payload == right.payload
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(record.peer)
        hasher.combine(record.sequence)
    }
}

extension NodeRecord {
    /// Signs the record. Throws if a limit is passed, or if `identity` is not the one of `peer`.
    package func sealed(by identity: Identity) throws(RecordError) -> SealedRecord {
        try SealedRecord.seal(self, by: identity)
    }
}
