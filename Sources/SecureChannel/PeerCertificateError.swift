import Multiformats

/// Why a certificate proves nobody's identity.
package enum PeerCertificateError: Error, Hashable, Sendable {
    /// More than `PeerCertificate.maximumByteCount` bytes.
    case tooLong
    /// No certificate of version 3 as libp2p has it.
    case malformed
    case notYetValid
    case expired
    /// It is signed in a way that is not verified here, or its key is of another kind than its signature.
    case unsupportedSignature
    /// Its own key has not signed it.
    case badSelfSignature
    /// An extension that must be understood, and is not.
    case unknownCriticalExtension(String)
    /// Without libp2p's extension it says nothing of a peer.
    case noHostKey
    /// What libp2p's extension contains is no key.
    case malformedHostKey
    /// The host's key has not signed the certificate's key.
    case badHostSignature
    /// Our identity, or the certificate's key, could not sign.
    case signingFailed
}

extension PeerCertificateError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooLong: "its certificate is too long"
        case .malformed: "its certificate is malformed"
        case .notYetValid: "its certificate is not valid yet: compare the two clocks"
        case .expired: "its certificate has expired: compare the two clocks"
        case .unsupportedSignature: "its certificate is signed in a way that is not supported"
        case .badSelfSignature: "its certificate's signature is wrong"
        case .unknownCriticalExtension(let id): "its certificate has the unknown critical extension \(id)"
        case .noHostKey: "its certificate names no libp2p peer"
        case .malformedHostKey: "its certificate contains no valid peer key"
        case .badHostSignature: "its peer key has not signed its certificate's key"
        case .signingFailed: "our own certificate could not be signed"
        }
    }
}
