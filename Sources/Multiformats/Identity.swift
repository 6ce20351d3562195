import Crypto
import Secrets
import SwiftProtobuf

/// The private key of a node: Ed25519. Never prints itself.
package struct Identity: Sendable, RedactedSecret {
    package static let seedLength = 32
    /// Longest marshalled private key that is read, in bytes.
    static let maximumByteCount = 256

    package let publicKey: PublicKey
    package let peerID: PeerID
    private let key: Curve25519.Signing.PrivateKey

    /// - Parameter seed: 32 secret random bytes (the private key of RFC 8032).
    package init(seed: [UInt8]) throws(KeyError) {
        guard seed.count == Self.seedLength, let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else {
            throw .invalidKey
        }
        self.key = key
        publicKey = try PublicKey(ed25519: [UInt8](key.publicKey.rawRepresentation))
        peerID = publicKey.peerID
    }

    /// Parses the form in which libp2p programs store their keys: seed and public key (64 bytes), or the public key twice (96).
    package init(privateKeyProtobuf: [UInt8]) throws(KeyError) {
        guard privateKeyProtobuf.count <= Self.maximumByteCount,
            let message = try? WirePublicKeyMessage(serializedBytes: privateKeyProtobuf)  // a private key has the same fields
        else { throw .malformed }
        guard message.type == .ed25519 else { throw .unsupportedKind }
        let data = [UInt8](message.data)
        guard data.count == 64 || data.count == 96 else { throw .invalidKey }
        try self.init(seed: Array(data.prefix(Self.seedLength)))
        var rest = data.dropFirst(Self.seedLength)
        while !rest.isEmpty {
            guard Array(rest.prefix(PublicKey.ed25519Length)) == publicKey.data else { throw .invalidKey }
            rest = rest.dropFirst(PublicKey.ed25519Length)
        }
    }

    /// The 32 secret bytes.
    package var seed: [UInt8] { [UInt8](key.rawRepresentation) }

    /// 64 bytes (RFC 8032); the same for the same message.
    package func sign(_ message: [UInt8]) throws(KeyError) -> [UInt8] {
        guard let signature = try? key.signature(for: message) else { throw .signingFailed }
        return [UInt8](signature)
    }
}
