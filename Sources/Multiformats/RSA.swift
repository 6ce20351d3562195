import CryptoExtras

/// Verification of RSA signatures (RFC 8017 section 8.2: PKCS #1 v1.5) over SHA-256.
enum RSA {
    /// Of the modulus: what go-libp2p takes. Longer keys would cost us more than they are worth to anybody.
    static let bitCounts = 2048...8192

    static func isKey(_ der: [UInt8]) -> Bool { key(der) != nil }

    static func isValid(_ signature: [UInt8], for message: [UInt8], by publicKey: [UInt8]) -> Bool {
        key(publicKey)?.isValidSignature(.init(rawRepresentation: signature), for: message, padding: .insecurePKCS1v1_5) ?? false
    }

    /// - Parameter der: a SubjectPublicKeyInfo (RFC 5280 section 4.1), in the one form that the library writes itself: another would give
    ///   the key a second peer id.
    private static func key(_ der: [UInt8]) -> _RSA.Signing.PublicKey? {
        guard let key = try? _RSA.Signing.PublicKey(derRepresentation: der), bitCounts.contains(key.keySizeInBits),
            key.derRepresentation.elementsEqual(der)
        else { return nil }
        return key
    }
}
