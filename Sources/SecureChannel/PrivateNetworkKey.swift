import Multiformats
import Secrets

/// The secret that all members of a private libp2p network share.
package struct PrivateNetworkKey: Hashable, Sendable, RedactedSecret {
    package static let byteCount = 32

    package let bytes: [UInt8]

    /// `nil` unless there are 32 bytes.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = Array(bytes)
    }
}
