import Crypto
import Multiformats
import SwiftASN1

/// The certificate by which a peer proves in TLS who it is (libp2p specification, tls/tls.md, "Peer Authentication"): signed by its own key,
/// and in an extension the host's key with its signature of the certificate's.
package struct PeerCertificate: Hashable, Sendable {
    /// Longest certificate that is read, in bytes: with RSA keys of 8,192 bits it has about 4,000.
    package static let maximumByteCount = 8192
    static let signaturePrefix = Array("libp2p-tls-handshake:".utf8)
    /// libp2p's extension; it is under the number that IANA has given Protocol Labs.
    static let extensionID: ASN1ObjectIdentifier = [1, 3, 6, 1, 4, 1, 53594, 1, 1]

    /// Whose it is; proved.
    package let hostKey: PublicKey

    /// Reads what somebody sent, and checks all that it must keep to.
    ///
    /// - Parameter unixSeconds: the time, for its validity.
    package init(der: [UInt8], unixSeconds: Int64) throws(PeerCertificateError) {
        guard der.count <= Self.maximumByteCount else { throw .tooLong }
        guard let fields = try? CertificateFields(derEncoded: der) else { throw .malformed }
        let body = fields.body
        guard unixSeconds >= body.notBefore else { throw .notYetValid }
        guard unixSeconds <= body.notAfter else { throw .expired }
        guard let signer = CertificateSigner(algorithm: fields.algorithm, subjectKey: body.subjectKey) else { throw .unsupportedSignature }
        guard signer.isValidSignature(fields.signature, for: fields.signedBytes) else { throw .badSelfSignature }
        hostKey = try Self.hostKey(body)
    }

    private static func hostKey(_ body: CertificateFields.Body) throws(PeerCertificateError) -> PublicKey {
        if let unknown = body.extensions.first(where: { $0.isCritical && $0.id != extensionID }) {
            throw .unknownCriticalExtension("\(unknown.id)")
        }
        guard let value = body.extensions.first(where: { $0.id == extensionID })?.value else { throw .noHostKey }
        guard let signed = try? SignedHostKey(derEncoded: value), let key = try? PublicKey(protobuf: signed.publicKey) else {
            throw .malformedHostKey
        }
        guard key.isValidSignature(signed.signature, for: signaturePrefix + body.subjectKey) else { throw .badHostSignature }
        return key
    }
}

/// The key of a certificate, of one of the kinds that TLS 1.3 is spoken with here.
private enum CertificateSigner {
    case p256(P256.Signing.PublicKey)
    case p384(P384.Signing.PublicKey)
    case ed25519(Curve25519.Signing.PublicKey)

    /// - Parameters:
    ///   - algorithm: of the certificate's signature; it must fit the key.
    ///   - subjectKey: a DER SubjectPublicKeyInfo (RFC 5280 section 4.1).
    init?(algorithm: ASN1ObjectIdentifier, subjectKey: [UInt8]) {
        switch algorithm {
        case .ecdsaWithSHA256:
            guard let key = try? P256.Signing.PublicKey(derRepresentation: subjectKey) else { return nil }
            self = .p256(key)
        case .ecdsaWithSHA384:
            guard let key = try? P384.Signing.PublicKey(derRepresentation: subjectKey) else { return nil }
            self = .p384(key)
        case .ed25519:
            guard subjectKey.starts(with: Self.ed25519Prefix),
                let key = try? Curve25519.Signing.PublicKey(rawRepresentation: subjectKey.dropFirst(Self.ed25519Prefix.count))
            else { return nil }
            self = .ed25519(key)
        default:
            return nil
        }
    }

    /// SEQUENCE { SEQUENCE { 1.3.101.112 }, BIT STRING of 32 bytes } (RFC 8410 section 4).
    private static let ed25519Prefix: [UInt8] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]

    func isValidSignature(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        switch self {
        case .p256(let key):
            guard let signature = try? P256.Signing.ECDSASignature(derRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: message)
        case .p384(let key):
            guard let signature = try? P384.Signing.ECDSASignature(derRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: message)
        case .ed25519(let key):
            return key.isValidSignature(signature, for: message)
        }
    }
}

extension ASN1ObjectIdentifier {
    /// RFC 5758 section 3.2.
    static let ecdsaWithSHA256: ASN1ObjectIdentifier = [1, 2, 840, 10045, 4, 3, 2]
    static let ecdsaWithSHA384: ASN1ObjectIdentifier = [1, 2, 840, 10045, 4, 3, 3]
    /// RFC 8410 section 3.
    static let ed25519: ASN1ObjectIdentifier = [1, 3, 101, 112]
}
