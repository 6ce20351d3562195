import Multiformats
import Secrets

/// A key and the number of messages that it has encrypted (Noise specification section 5.1).
struct NoiseCipherState: Sendable, RedactedSecret {
    static let keyLength = Sodium.aeadKeyLength
    static let tagLength = Sodium.aeadTagLength

    private let key: [UInt8]
    private(set) var nonce: UInt64

    /// - Parameter key: 32 bytes.
    init(key: some Sequence<UInt8>, nonce: UInt64 = 0) {
        self.key = Array(key)
        self.nonce = nonce
    }

    /// Puts `count` + 16 bytes into `output`.
    mutating func seal(
        _ output: UnsafeMutablePointer<UInt8>, _ input: UnsafePointer<UInt8>, count: Int, additional: [UInt8] = []
    ) throws(NoiseError) {
        let nonce = try nextNonce()
        Sodium.seal(output, input, count: count, additional: additional, nonce: nonce, key: key)
    }

    /// Puts `count` − 16 bytes into `output`; `count` is at least 16.
    mutating func open(
        _ output: UnsafeMutablePointer<UInt8>, _ input: UnsafePointer<UInt8>, count: Int, additional: [UInt8] = []
    ) throws(NoiseError) {
        let nonce = try nextNonce()
        guard Sodium.open(output, input, count: count, additional: additional, nonce: nonce, key: key) else { throw .badMAC }
    }

    /// Four zero bytes, then the counter in little endian (Noise specification section 12.2).
    private mutating func nextNonce() throws(NoiseError) -> [UInt8] {
        guard nonce != .max, key.count == Self.keyLength else { throw .nonceExhausted }
        defer { nonce += 1 }
        return [0, 0, 0, 0] + (0..<8).map { UInt8(truncatingIfNeeded: nonce >> ($0 * 8)) }
    }
}

extension NoiseCipherState {
    /// Whole messages, for the handshake.
    mutating func seal(_ plaintext: [UInt8], additional: [UInt8]) throws(NoiseError) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: plaintext.count + Self.tagLength)
        try seal(&output, plaintext, count: plaintext.count, additional: additional)
        return output
    }

    mutating func open(_ ciphertext: [UInt8], additional: [UInt8]) throws(NoiseError) -> [UInt8] {
        guard ciphertext.count >= Self.tagLength else { throw .malformed }
        var output = [UInt8](repeating: 0, count: ciphertext.count)  // one byte at least, so that there is an address
        try open(&output, ciphertext, count: ciphertext.count, additional: additional)
        output.removeLast(Self.tagLength)
        return output
    }
}
