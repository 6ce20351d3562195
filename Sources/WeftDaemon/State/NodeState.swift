import Crypto
import FoundationEssentials
import Mesh
import Multiformats
import WireGuard

/// What must survive a restart: made once, kept for good.
struct NodeState {
    static let currentVersion = 1

    var identity: Identity
    var wireguardKey: WireGuardPrivateKey
    /// The mesh that the node is in, by the token that it was joined with; `nil` after it has left.
    var mesh: JoinToken?

    /// The other half of the WireGuard key.
    var wireguardPublicKey: WireGuardPublicKey? {
        let key = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: wireguardKey.bytes)
        return key.flatMap { WireGuardPublicKey(bytes: $0.publicKey.rawRepresentation) }
    }

    /// A new identity from fresh random bytes.
    static func fresh() throws(DaemonError) -> NodeState {
        guard let identity = try? Identity(seed: randomBytes(32)), let key = WireGuardPrivateKey(bytes: randomBytes(32)) else {
            throw .internalFault("no random bytes")
        }
        return NodeState(identity: identity, wireguardKey: key, mesh: nil)
    }
}

/// From the system's cryptographic generator.
func randomBytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
}

// MARK: The file

extension NodeState {
    /// The file's own shape: keys in base64, the mesh as its join token, which carries all that nodes of a mesh have in common.
    ///
    /// Any 32 bytes are a key, and no mesh is a state too: so without the checksum a bad disk could turn a node into another one.
    private struct File: Codable {
        var version: Int
        var identity: String
        var wireguardKey: String
        var mesh: String?
        var checksum = ""

        enum CodingKeys: String, CodingKey {
            case version, identity, mesh, checksum
            case wireguardKey = "wireguard_key"
        }

        /// Of the other fields; 16 characters of base64.
        var expectedChecksum: String {
            let fields = [identity, wireguardKey, mesh ?? ""].joined(separator: "\n")
            return Base64.encode(Array(SHA256.hash(data: Array("weft-state-\(version)\n\(fields)".utf8))).prefix(12))
        }
    }

    var json: Data {
        var file = File(
            version: Self.currentVersion, identity: Base64.encode(identity.seed), wireguardKey: Base64.encode(wireguardKey.bytes),
            mesh: mesh?.text)
        file.checksum = file.expectedChecksum
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(file)) ?? Data()
    }

    /// Whether a later version of the program wrote the file: it is not damaged, and not ours to touch.
    static func isOfNewerVersion(json: Data) -> Bool {
        struct Versioned: Decodable { var version: Int }
        guard let versioned = try? JSONDecoder().decode(Versioned.self, from: json), versioned.version > currentVersion else {
            return false
        }
        guard var file = try? JSONDecoder().decode(File.self, from: json) else { return true }
        file.version = currentVersion
        return file.checksum != file.expectedChecksum  // else it is one of ours, and of the version a bit has flipped
    }

    /// `nil` for anything that is not a whole, valid file of a version that we know.
    init?(json: Data) {
        guard let file = try? JSONDecoder().decode(File.self, from: json), file.version == Self.currentVersion,
            file.checksum == file.expectedChecksum, let seed = Base64.decode(file.identity), let identity = try? Identity(seed: seed),
            let keyBytes = Base64.decode(file.wireguardKey), let key = WireGuardPrivateKey(bytes: keyBytes)
        else { return nil }
        self.init(identity: identity, wireguardKey: key, mesh: nil)
        guard let text = file.mesh else { return }
        guard let token = try? JoinToken(text) else { return nil }
        mesh = token
    }
}
