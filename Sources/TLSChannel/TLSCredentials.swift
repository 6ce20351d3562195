import Crypto
import Multiformats
import NIOSSL
import SecureChannel

/// What all connections of one host have in common: its certificate, and how TLS is to be spoken.
struct TLSCredentials: Sendable {
    /// The last that a client offers and a server takes: the multiplexer is negotiated behind the handshake
    /// (libp2p connections/inlined-muxer-negotiation.md).
    static let noMuxer = "libp2p"

    let peerID: PeerID
    let muxers: [String]
    let client: NIOSSLContext
    let server: NIOSSLContext

    init(identity: Identity, muxers: [String]) throws(SecurityError) {
        let key = P256.Signing.PrivateKey()
        do {
            let certificate = try PeerCertificate.make(for: identity, key: key, serial: .random(in: 1 ... .max))
            try self.init(peerID: identity.peerID, muxers: muxers, chain: [certificate], key: [UInt8](key.derRepresentation))
        } catch let error as PeerCertificateError {
            throw .failed("\(error)")
        } catch {
            throw .failed(TLSErrorText.describe(error))
        }
    }

    /// - Parameters:
    ///   - chain: certificates in DER.
    ///   - key: the first one's, in DER (PKCS #8).
    init(peerID: PeerID, muxers: [String], chain: [[UInt8]], key: [UInt8]) throws {
        let sources = try chain.map { NIOSSLCertificateSource.certificate(try NIOSSLCertificate(bytes: $0, format: .der)) }
        let key = NIOSSLPrivateKeySource.privateKey(try NIOSSLPrivateKey(bytes: key, format: .der))
        var client = TLSConfiguration.makeClientConfiguration()
        (client.certificateChain, client.privateKey) = (sources, key)
        var server = TLSConfiguration.makeServerConfiguration(certificateChain: sources, privateKey: key)
        Self.complete(&client, muxers)
        Self.complete(&server, muxers)
        self.peerID = peerID
        self.muxers = muxers
        self.client = try NIOSSLContext(configuration: client)
        self.server = try NIOSSLContext(configuration: server)
    }

    private static func complete(_ configuration: inout TLSConfiguration, _ muxers: [String]) {
        configuration.minimumTLSVersion = .tlsv13
        configuration.maximumTLSVersion = .tlsv13
        // Certificates must be there, and are judged by `CertificateJudge`. Without this empty list the system's would be read from disk.
        configuration.certificateVerification = .noHostnameVerification
        configuration.trustRoots = .certificates([])
        configuration.verifySignatureAlgorithms = [.ecdsaSecp256R1Sha256, .ecdsaSecp384R1Sha384, .ed25519]
        configuration.applicationProtocols = muxers + [noMuxer]
    }
}
