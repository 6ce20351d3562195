import CSodium

/// The two ciphers that are taken from libsodium: it works on the caller's own buffers, without a copy.
enum Sodium {
    static let streamKeyLength = 32
    static let streamNonceLength = 24
    static let streamBlockLength = 64
    static let aeadKeyLength = 32
    static let aeadTagLength = 16

    /// False if the library could not be started. Starting it picks the fastest implementation for this processor.
    static let isAvailable = sodium_init() >= 0

    /// XORs `count` bytes with the XSalsa20 key stream from `block` on. `output` and `input` may be the same.
    static func xorXSalsa20(
        _ output: UnsafeMutablePointer<UInt8>, _ input: UnsafePointer<UInt8>, count: Int, block: UInt64, nonce: [UInt8], key: [UInt8]
    ) {
        guard count > 0, nonce.count == streamNonceLength, key.count == streamKeyLength else { return }
        _ = crypto_stream_xsalsa20_xor_ic(output, input, UInt64(count), nonce, block, key)
    }

    /// ChaCha20-Poly1305 (RFC 8439): puts ciphertext and tag, `count` + 16 bytes, into `output`.
    static func seal(
        _ output: UnsafeMutablePointer<UInt8>, _ input: UnsafePointer<UInt8>, count: Int, additional: [UInt8], nonce: [UInt8], key: [UInt8]
    ) {
        _ = crypto_aead_chacha20poly1305_ietf_encrypt(
            output, nil, input, UInt64(count), additional, UInt64(additional.count), nil, nonce, key)
    }

    /// Opens `count` bytes of ciphertext and tag into `output`, `count` − 16 bytes. False if the tag does not match.
    static func open(
        _ output: UnsafeMutablePointer<UInt8>, _ input: UnsafePointer<UInt8>, count: Int, additional: [UInt8], nonce: [UInt8], key: [UInt8]
    ) -> Bool {
        crypto_aead_chacha20poly1305_ietf_decrypt(
            output, nil, nil, input, UInt64(count), additional, UInt64(additional.count), nonce, key) == 0
    }
}
