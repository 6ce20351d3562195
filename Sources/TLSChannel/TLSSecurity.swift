import Multiformats
import SecureChannel
import Synchronization

/// TLS 1.3 as one of the protocols that a connection chooses from (libp2p specification, tls/tls.md).
///
/// Nothing of it is made before the first connection that speaks it: then a certificate, which serves for all further ones.
package final class TLSSecurity: SecurityProtocol {
    package static let id = "/tls/1.0.0"

    package var id: String { Self.id }

    private let unixSeconds: @Sendable () -> Int64
    private let kept = Mutex<TLSCredentials?>(nil)

    /// - Parameter unixSeconds: the time, by which certificates are valid or not.
    package init(unixSeconds: @escaping @Sendable () -> Int64) {
        self.unixSeconds = unixSeconds
    }

    package func handshake(_ terms: SecurityTerms) throws(SecurityError) -> any SecurityHandshake {
        let credentials = try credentials(for: terms)
        let judge = CertificateJudge(expectedPeer: terms.expectedPeer, unixSeconds: unixSeconds)
        return try TLSHandshake(engine: TLSEngine(role: terms.role, credentials: credentials, judge: judge))
    }

    /// Whether a connection has made it necessary to have a certificate.
    var hasCredentials: Bool { kept.withLock { $0 != nil } }

    private func credentials(for terms: SecurityTerms) throws(SecurityError) -> TLSCredentials {
        try kept.withLock { kept throws(SecurityError) in
            if let kept, kept.peerID == terms.identity.peerID, kept.muxers == terms.muxers { return kept }
            let made = try TLSCredentials(identity: terms.identity, muxers: terms.muxers)
            kept = made
            return made
        }
    }
}
