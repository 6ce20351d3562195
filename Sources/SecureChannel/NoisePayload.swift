import Multiformats
import SwiftProtobuf

/// What libp2p puts into messages 2 and 3: who we are, proof that our static key is ours, and our multiplexers.
struct NoisePayload: Hashable {
    static let signaturePrefix = Array("noise-libp2p-static-key:".utf8)
    /// A longer list of multiplexers counts as none (as in go-libp2p).
    static let maximumMuxerCount = 100

    let identityKey: PublicKey
    let signature: [UInt8]
    let muxers: [String]

    /// Signs our static key.
    init(identity: Identity, staticKey: [UInt8], muxers: [String]) throws(NoiseError) {
        guard let signature = try? identity.sign(Self.signaturePrefix + staticKey) else { throw .signingFailed }
        self.identityKey = identity.publicKey
        self.signature = signature
        self.muxers = muxers
    }

    /// Parses what the peer sent and checks its signature.
    init(bytes: [UInt8], staticKey: [UInt8]) throws(NoiseError) {
        guard let message = try? WireNoiseHandshakePayload(serializedBytes: bytes),
            let key = try? PublicKey(protobuf: [UInt8](message.identityKey))
        else { throw .malformed }
        identityKey = key
        signature = [UInt8](message.identitySig)
        muxers = message.extensions.streamMuxers.count <= Self.maximumMuxerCount ? message.extensions.streamMuxers : []
        guard key.isValidSignature(signature, for: Self.signaturePrefix + staticKey) else { throw .badSignature }
    }

    func encoded() throws(NoiseError) -> [UInt8] {
        var message = WireNoiseHandshakePayload()
        message.identityKey = .init(identityKey.protobuf)
        message.identitySig = .init(signature)
        if !muxers.isEmpty { message.extensions.streamMuxers = muxers }
        guard let bytes: [UInt8] = try? message.serializedBytes() else { throw .malformed }
        return bytes
    }

    /// The first of the initiator's multiplexers that the responder has too. Both sides come to the same.
    static func commonMuxer(initiator: [String], responder: [String]) -> String? {
        initiator.first { wanted in responder.contains { $0.utf8.elementsEqual(wanted.utf8) } }
    }
}
