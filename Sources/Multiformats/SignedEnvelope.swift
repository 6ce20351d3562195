import SwiftProtobuf

/// Why an envelope is refused, or cannot be made.
package enum EnvelopeError: Error, Hashable, Sendable {
    /// More bytes than the reader allows.
    case tooLong
    /// No envelope, or its payload is not what its type says.
    case malformed
    /// The payload is of another type than the one asked for.
    case wrongType([UInt8])
    case key(KeyError)
    /// The signature does not match key, domain, type and payload.
    case badSignature
    /// Signed by another peer than the one that the payload speaks of.
    case wrongSigner
}

/// A payload with its author's signature (libp2p specification, RFC 0002).
package struct SignedEnvelope: Hashable, Sendable {
    package let publicKey: PublicKey
    package let payloadType: [UInt8]
    package let payload: [UInt8]
    package let signature: [UInt8]

    /// - Parameters:
    ///   - type: what the payload is, as raw bytes.
    ///   - domain: what the signature is for; keeps it from being used elsewhere.
    package static func seal(
        _ payload: [UInt8], type: [UInt8], domain: String, by identity: Identity
    ) throws(EnvelopeError) -> SignedEnvelope {
        do throws(KeyError) {
            let signature = try identity.sign(signedBytes(payload, type: type, domain: domain))
            return SignedEnvelope(publicKey: identity.publicKey, payloadType: type, payload: payload, signature: signature)
        } catch {
            throw .key(error)
        }
    }

    /// Parses and verifies an envelope of `type` in `domain` that has at most `maximumLength` bytes.
    package static func open(
        _ bytes: [UInt8], type: [UInt8], domain: String, maximumLength: Int
    ) throws(EnvelopeError) -> SignedEnvelope {
        guard bytes.count <= maximumLength else { throw .tooLong }
        guard let message = try? WireEnvelope(serializedBytes: bytes), message.hasPublicKey else { throw .malformed }
        let envelope = try SignedEnvelope(message)
        guard envelope.payloadType == type else { throw .wrongType(envelope.payloadType) }
        let signed = signedBytes(envelope.payload, type: type, domain: domain)
        guard envelope.publicKey.isValidSignature(envelope.signature, for: signed) else { throw .badSignature }
        return envelope
    }

    /// Who says that he signed the envelope. Nothing is verified.
    package static func claimedSigner(of bytes: [UInt8]) -> PeerID? {
        guard let message = try? WireEnvelope(serializedBytes: bytes), message.hasPublicKey else { return nil }
        return try? SignedEnvelope(message).publicKey.peerID
    }

    /// The envelope as protobuf; the same for equal envelopes.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        let fields = [(0x0a, publicKey.protobuf), (0x12, payloadType), (0x1a, payload), (0x2a, signature)] as [(UInt8, [UInt8])]
        for (tag, field) in fields where !field.isEmpty {
            bytes.append(tag)
            LengthPrefixed.append(field, to: &bytes)
        }
        return bytes
    }

    private init(publicKey: PublicKey, payloadType: [UInt8], payload: [UInt8], signature: [UInt8]) {
        self.publicKey = publicKey
        self.payloadType = payloadType
        self.payload = payload
        self.signature = signature
    }

    private init(_ message: WireEnvelope) throws(EnvelopeError) {
        do throws(KeyError) {
            publicKey = try PublicKey(message.publicKey)
        } catch {
            throw .key(error)
        }
        payloadType = [UInt8](message.payloadType)
        payload = [UInt8](message.payload)
        signature = [UInt8](message.signature)
    }

    /// What is signed: domain, type and payload, each after its length.
    static func signedBytes(_ payload: [UInt8], type: [UInt8], domain: String) -> [UInt8] {
        var bytes: [UInt8] = []
        LengthPrefixed.append(domain.utf8, to: &bytes)
        LengthPrefixed.append(type, to: &bytes)
        LengthPrefixed.append(payload, to: &bytes)
        return bytes
    }
}
