import Crypto
import SwiftProtobuf

/// Why bytes are no key, or a key cannot be used.
package enum KeyError: Error, Hashable, Sendable {
    /// No protobuf message of a key, or a kind of key that is not known.
    case malformed
    /// The message is valid but not the one deterministic serialization of its key: a second peer id for one key.
    case notCanonical
    /// The key inside the message does not fit its kind.
    case invalidKey
    /// A private key of another kind than Ed25519.
    case unsupportedKind
    /// The cryptographic library refused to sign.
    case signingFailed
}

/// The public key of a peer (libp2p specification, peer-ids/peer-ids.md).
///
/// Peers may have any of the four kinds. Our own identities are Ed25519.
package struct PublicKey: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case rsa
        case ed25519
        case secp256k1
        case ecdsa
    }

    /// Longest marshalled key that is read, in bytes: RSA of 8192 bits takes 1,062.
    package static let maximumByteCount = 2048
    static let ed25519Length = 32

    package let kind: Kind
    /// The key as its kind has it: 32 raw bytes for Ed25519, 33 for secp256k1, DER SubjectPublicKeyInfo for the others.
    package let data: [UInt8]

    package init(ed25519 bytes: [UInt8]) throws(KeyError) {
        try self.init(kind: .ed25519, data: bytes)
    }

    init(kind: Kind, data: [UInt8]) throws(KeyError) {
        guard data.count <= Self.maximumByteCount, Self.isPlausible(data, as: kind) else { throw .invalidKey }
        self.kind = kind
        self.data = data
    }

    private static func isPlausible(_ data: [UInt8], as kind: Kind) -> Bool {
        switch kind {
        case .ed25519: data.count == ed25519Length
        case .secp256k1: Secp256k1.isKey(data)
        case .ecdsa: (try? P256.Signing.PublicKey(derRepresentation: data)) != nil
        case .rsa: RSA.isKey(data)
        }
    }

    /// The multihash of `protobuf`: the key itself if it is short, else its SHA-256.
    package var peerID: PeerID {
        let key = protobuf
        if key.count <= PeerID.maximumInlineKeyLength {
            return PeerID(uncheckedBytes: [PeerID.identityCode, UInt8(key.count)] + key)
        }
        return PeerID(uncheckedBytes: [PeerID.sha256Code, UInt8(PeerID.sha256Length)] + SHA256.hash(data: key))
    }

    /// Whether the owner of this key signed `message`: RFC 8032 (Ed25519), DER ECDSA over SHA-256 (P-256, secp256k1), or PKCS #1 v1.5 over
    /// SHA-256 (RSA).
    package func isValidSignature(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        switch kind {
        case .ed25519:
            return Ed25519.isValid(signature, for: message, by: data)
        case .ecdsa:
            guard let key = try? P256.Signing.PublicKey(derRepresentation: data),
                let signature = try? P256.Signing.ECDSASignature(derRepresentation: signature)
            else { return false }
            return key.isValidSignature(signature, for: message)
        case .secp256k1:
            return Secp256k1.isValid(signature, for: message, by: data)
        case .rsa:
            return RSA.isValid(signature, for: message, by: data)
        }
    }
}
