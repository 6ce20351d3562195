import Crypto
import Multiformats
import SecureChannel

/// A certificate with whatever faults a test wants, written byte by byte.
struct TestCertificate {
    static let hostKeyID: [UInt8] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xa2, 0x5a, 0x01, 0x01]
    static let ecdsaWithSHA256 = der(0x30, der(0x06, [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]))

    var key = P256.Signing.PrivateKey()
    var version = 2 as UInt8
    var notBefore = der(0x17, Array("260101000000Z".utf8))
    var notAfter = der(0x17, Array("270101000000Z".utf8))
    var innerAlgorithm = ecdsaWithSHA256
    var outerAlgorithm = ecdsaWithSHA256
    /// Between the subject's key and the extensions.
    var uniqueIDs: [UInt8] = []
    /// Beside libp2p's.
    var otherExtensions: [[UInt8]] = []
    var hostKey: [UInt8]
    var hostSignature: [UInt8]
    var isCritical = false
    var unusedSignatureBits = 0 as UInt8
    var hasHostKey = true

    init(_ identity: Identity) throws {
        hostKey = identity.publicKey.protobuf
        hostSignature = try identity.sign(Array("libp2p-tls-handshake:".utf8) + [UInt8](key.publicKey.derRepresentation))
    }

    static func extensionField(_ id: [UInt8], isCritical: Bool = false, _ value: [UInt8]) -> [UInt8] {
        der(0x30, der(0x06, id), isCritical ? der(0x01, [0xff]) : [], der(0x04, value))
    }

    var extensions: [UInt8] {
        let own = Self.extensionField(Self.hostKeyID, isCritical: isCritical, der(0x30, der(0x04, hostKey), der(0x04, hostSignature)))
        return der(0x30, otherExtensions.flatMap { $0 } + (hasHostKey ? own : []))
    }

    /// - Parameters:
    ///   - subjectKey: a SubjectPublicKeyInfo; that of `key` if `nil`.
    ///   - sign: `key`, over SHA-256, if `nil`.
    func encoded(subjectKey: [UInt8]? = nil, sign: (([UInt8]) throws -> [UInt8])? = nil) throws -> [UInt8] {
        let body = der(
            0x30, der(0xa0, der(0x02, [version])), der(0x02, [1]), innerAlgorithm, der(0x30), der(0x30, notBefore, notAfter), der(0x30),
            subjectKey ?? [UInt8](key.publicKey.derRepresentation), uniqueIDs, der(0xa3, extensions))
        let signature = try sign.map { try $0(body) } ?? [UInt8](key.signature(for: body).derRepresentation)
        return der(0x30, body, outerAlgorithm, der(0x03, [unusedSignatureBits] + signature))
    }
}

/// One ASN.1 value: tag, length, contents.
func der(_ tag: UInt8, _ parts: [UInt8]...) -> [UInt8] {
    let contents = parts.flatMap { $0 }
    switch contents.count {
    case ..<128: return [tag, UInt8(contents.count)] + contents
    case ..<256: return [tag, 0x81, UInt8(contents.count)] + contents
    default: return [tag, 0x82, UInt8(contents.count >> 8), UInt8(contents.count & 0xff)] + contents
    }
}
