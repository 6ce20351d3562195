import Crypto
import Multiformats
import Secrets

/// Chaining key, transcript hash and current cipher of a handshake (Noise specification section 5.2), for SHA-256.
struct NoiseSymmetricState: Sendable, RedactedSecret {
    private(set) var transcript: [UInt8]
    private var chainingKey: [UInt8]
    private var cipher: NoiseCipherState?

    /// - Parameter name: exactly 32 bytes, so that it is the first hash itself.
    init(name: StaticString, prologue: [UInt8]) {
        transcript = name.withUTF8Buffer { Array($0) }
        chainingKey = transcript
        mixHash(prologue)
    }

    var hasKey: Bool { cipher != nil }

    mutating func mixHash(_ data: [UInt8]) {
        var hash = SHA256()
        hash.update(data: transcript)
        hash.update(data: data)
        transcript = Array(hash.finalize())
    }

    mutating func mixKey(_ secret: SharedSecret) {
        let derived = secret.hkdfDerivedSymmetricKey(
            using: SHA256.self, salt: chainingKey, sharedInfo: [UInt8](), outputByteCount: 2 * NoiseCipherState.keyLength)
        let (first, second) = Self.halves(of: derived)
        chainingKey = first
        cipher = NoiseCipherState(key: second)
    }

    mutating func encryptAndHash(_ plaintext: [UInt8]) throws(NoiseError) -> [UInt8] {
        let ciphertext = try cipher?.seal(plaintext, additional: transcript) ?? plaintext
        mixHash(ciphertext)
        return ciphertext
    }

    mutating func decryptAndHash(_ ciphertext: [UInt8]) throws(NoiseError) -> [UInt8] {
        let plaintext = try cipher?.open(ciphertext, additional: transcript) ?? ciphertext
        mixHash(ciphertext)
        return plaintext
    }

    /// The keys of the session: first the initiator's, then the responder's.
    func split() -> (NoiseCipherState, NoiseCipherState) {
        let derived = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: [UInt8]()), salt: chainingKey, info: [UInt8](),
            outputByteCount: 2 * NoiseCipherState.keyLength)
        let (first, second) = Self.halves(of: derived)
        return (NoiseCipherState(key: first), NoiseCipherState(key: second))
    }

    private static func halves(of key: SymmetricKey) -> ([UInt8], [UInt8]) {
        let bytes = key.withUnsafeBytes { Array($0) }
        return (Array(bytes.prefix(NoiseCipherState.keyLength)), Array(bytes.dropFirst(NoiseCipherState.keyLength)))
    }
}
