import Crypto
import Foundation
import Multiformats
import PeerHost
import PeerHostTestKit
import SecureChannel
import Testing

/// Our TLS against OpenSSL's, which keeps sessions and goes on with them, as go-libp2p does not.
@Suite(.enabled(if: Interop.openSSL.isWanted, "\(Interop.openSSL.hint)"), .timeLimit(.minutes(1)))
struct OpenSSLInteropTests {
    /// Who resumes a session shows no certificate, and is known all the same.
    @Test func `sessions can be resumed`() async throws {
        let theirs = try Identity(seed: [UInt8](repeating: 9, count: Identity.seedLength))
        let key = P256.Signing.PrivateKey()
        let der = Data(try PeerCertificate.make(for: theirs, key: key, serial: 1))
        let file = FileManager.default.temporaryDirectory.appending(path: "weft-tls-\(UUID().uuidString).pem")
        defer { try? FileManager.default.removeItem(at: file) }
        let certificate =
            "-----BEGIN CERTIFICATE-----\n\(der.base64EncodedString(options: .lineLength64Characters))\n-----END CERTIFICATE-----"
        try "\(certificate)\n\(key.pemRepresentation)\n".write(to: file, atomically: true, encoding: .utf8)
        try await withBench { bench in
            let ours = try bench.host(1, secret: nil)
            let port = try #require(try await ours.listen().tcpSocketAddress?.port)
            let output = try await run([Interop.openSSL.script, "\(port)", file.path, "--connections", "3"])
            #expect(output.split(separator: "\n").map { $0.prefix { $0 != " " } } == ["new", "resumed", "resumed"])
            let connected = await ours.events.has(3) { event in
                if case .connected(theirs.peerID, _) = event { true } else { false }
            }
            #expect(connected)
        }
    }

    private func run(_ arguments: [String]) async throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: Interop.openSSL.interpreter)
        process.arguments = arguments
        process.standardOutput = output
        try process.run()
        let ended = await waitFor(within: .seconds(30)) { process.isRunning ? nil : true }
        if ended == nil { process.terminate() }
        return String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    }
}
