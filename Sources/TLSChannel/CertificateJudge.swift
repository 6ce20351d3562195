import Multiformats
import NIOSSL
import SecureChannel

/// Decides in the midst of a handshake whether the certificate that the peer shows is that of whom we want to talk to. It takes the place of
/// TLS's own check, which would look for an authority.
final class CertificateJudge {
    private let expectedPeer: PeerID?
    private let unixSeconds: @Sendable () -> Int64
    /// Nothing before the peer has shown certificates.
    private(set) var verdict: Result<PeerID, SecurityError>?

    init(expectedPeer: PeerID?, unixSeconds: @escaping @Sendable () -> Int64) {
        self.expectedPeer = expectedPeer
        self.unixSeconds = unixSeconds
    }

    func judge(_ certificates: [NIOSSLCertificate]) -> NIOSSLVerificationResult {
        verdict = Result { () throws(SecurityError) in try peer(certificates) }
        if case .success = verdict { return .certificateVerified }
        return .failed
    }

    private func peer(_ certificates: [NIOSSLCertificate]) throws(SecurityError) -> PeerID {
        guard let certificate = certificates.first, certificates.count == 1 else {
            throw .failed("TLS: it has shown \(certificates.count) certificates in the place of one")
        }
        guard let der = try? certificate.toDERBytes() else { throw .failed("TLS: \(PeerCertificateError.malformed)") }
        let found: PeerID
        do { found = try PeerCertificate(der: der, unixSeconds: unixSeconds()).hostKey.peerID } catch { throw .failed("TLS: \(error)") }
        if let expectedPeer, expectedPeer != found { throw .unexpectedPeer(expected: expectedPeer, found: found) }
        return found
    }
}
