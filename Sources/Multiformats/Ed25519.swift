import CSodium

/// Verification of Ed25519 signatures (RFC 8032) by libsodium, which is quicker at it than swift-crypto: to verify a record costs more than
/// anything else that is done with it. Keys and points of small order are refused.
enum Ed25519 {
    static let publicKeyLength = 32
    static let signatureLength = 64

    private static let isAvailable = sodium_init() >= 0

    static func isValid(_ signature: [UInt8], for message: [UInt8], by publicKey: [UInt8]) -> Bool {
        guard isAvailable, signature.count == signatureLength, publicKey.count == publicKeyLength else { return false }
        return crypto_sign_verify_detached(signature, message, UInt64(message.count), publicKey) == 0
    }
}
