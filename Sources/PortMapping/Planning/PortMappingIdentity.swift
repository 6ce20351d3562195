import Crypto
import Secrets

/// What makes this node the same to a router after a restart, be it by a crash: what it asks for then is what it has already.
package struct PortMappingIdentity: Sendable, RedactedSecret {
    /// Of the secret, in bytes.
    package static let minimumSecretBytes = 16
    /// Of the node's name, as far as routers show it.
    package static let nameBytes = 32

    private let key: SymmetricKey
    private let name: String

    /// - Parameters:
    ///   - secret: known to this node alone, and always the same. Who knows it can take the mappings away.
    ///   - name: for people who look at their router's page; of other characters than letters, digits, `-` and `.` nothing is left.
    /// - Returns: `nil` for a secret that is too short.
    package init?(secret: some Collection<UInt8>, name: String) {
        guard secret.count >= Self.minimumSecretBytes else { return nil }
        key = SymmetricKey(data: Array(secret))
        self.name = String(name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }.prefix(Self.nameBytes))
    }

    /// Nobody else can know it, as RFC 6887 section 11.2 wants it, and it needs no file to be remembered.
    func nonce(for local: LocalPort, at router: Router) -> PCP.Nonce {
        PCP.Nonce(hash: hash("nonce", router.address.bytes + router.ownAddress.bytes, local))
    }

    /// An external port to ask for when others have the obvious ones: 10,000 to 59,999, always the same.
    func externalPort(_ index: Int, for local: LocalPort) -> UInt16 {
        let hash = hash("port", [UInt8(truncatingIfNeeded: index)], local)
        return 10_000 + (UInt16(hash[0]) << 8 | UInt16(hash[1])) % 50_000
    }

    /// How a router's page calls a mapping.
    func description(of local: LocalPort) -> String {
        (["weft", name, "\(local.number)"]).filter { !$0.isEmpty }.joined(separator: " ")
    }

    private func hash(_ purpose: String, _ context: [UInt8], _ local: LocalPort) -> [UInt8] {
        var message = Array("weft port mapping \(purpose)\0".utf8) + context + [local.transport.rawValue]
        message.append(bigEndian: local.number)
        return Array(HMAC<SHA256>.authenticationCode(for: message, using: key))
    }
}
