import Secrets

/// A WireGuard (Curve25519) public key: 32 bytes, shown in the base64 that `wg` shows.
package struct WireGuardPublicKey: Hashable, Sendable {
    package static let byteCount = 32
    package let bytes: [UInt8]

    /// `nil` unless there are 32 bytes.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = Array(bytes)
    }
}

extension WireGuardPublicKey {
    /// All bytes in one step: as an array they would go in one by one.
    package func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

extension WireGuardPublicKey: Comparable {
    package static func < (left: WireGuardPublicKey, right: WireGuardPublicKey) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

extension WireGuardPublicKey: CustomStringConvertible {
    package var description: String { Base64.encode(bytes) }
}

/// A WireGuard private key. It never prints itself.
package struct WireGuardPrivateKey: Hashable, Sendable, RedactedSecret {
    package let bytes: [UInt8]

    /// `nil` unless there are 32 bytes.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == WireGuardPublicKey.byteCount else { return nil }
        self.bytes = Array(bytes)
    }
}

/// A WireGuard preshared key, one for each pair of nodes. It never prints itself.
package struct WireGuardPresharedKey: Hashable, Sendable, RedactedSecret {
    package let bytes: [UInt8]

    /// `nil` unless there are 32 bytes.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == WireGuardPublicKey.byteCount else { return nil }
        self.bytes = Array(bytes)
    }
}
