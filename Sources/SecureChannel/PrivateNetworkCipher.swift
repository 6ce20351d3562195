import Multiformats
import Secrets

package enum PrivateNetworkError: Error, Hashable, Sendable {
    /// A nonce has 24 bytes.
    case invalidNonce
    /// libsodium could not be started.
    case cipherUnavailable
}

/// The outermost layer of a connection in a private network: both directions XORed with XSalsa20, each after a nonce of its own
/// in the clear (libp2p specification, pnet/Private-Networks-PSK-V1.md).
///
/// It hides, but does not authenticate: with another secret than the peer's, what `decrypt` returns is noise.
package struct PrivateNetworkCipher: Sendable, RedactedSecret {
    package static let nonceLength = Sodium.streamNonceLength

    private let key: PrivateNetworkKey
    private var outbound: XSalsa20Stream
    private var isNonceSent = false
    private var inbound = Inbound.awaitingNonce([])

    private enum Inbound {
        /// The peer's nonce is incomplete; becomes `decrypting`.
        case awaitingNonce([UInt8])
        /// Stays.
        case decrypting(XSalsa20Stream)
    }

    /// - Parameter nonce: 24 random bytes, never used before with this key.
    package init(key: PrivateNetworkKey, nonce: [UInt8]) throws(PrivateNetworkError) {
        guard nonce.count == Self.nonceLength else { throw .invalidNonce }
        guard Sodium.isAvailable else { throw .cipherUnavailable }
        self.key = key
        outbound = XSalsa20Stream(key: key, nonce: nonce)
    }

    /// Bytes for the wire; the first call puts our nonce in front.
    package mutating func encrypt(_ bytes: consuming [UInt8]) -> [UInt8] {
        guard isNonceSent else {
            isNonceSent = true
            var framed = outbound.nonce + bytes
            outbound.apply(to: &framed, from: Self.nonceLength)
            return framed
        }
        outbound.apply(to: &bytes, from: 0)
        return bytes
    }

    /// Takes the peer's nonce off the front of the stream, then decrypts; empty until something follows the nonce.
    package mutating func decrypt(_ bytes: consuming [UInt8]) -> [UInt8] {
        var stream: XSalsa20Stream
        switch inbound {
        case .decrypting(let current):
            stream = current
            inbound = .awaitingNonce([])  // gives up the second reference, so that `stream` works in place
        case .awaitingNonce(let start):
            let received = start + bytes
            guard received.count >= Self.nonceLength else {
                inbound = .awaitingNonce(received)
                return []
            }
            stream = XSalsa20Stream(key: key, nonce: Array(received.prefix(Self.nonceLength)))
            bytes = Array(received.dropFirst(Self.nonceLength))
        }
        stream.apply(to: &bytes, from: 0)
        inbound = .decrypting(stream)
        return bytes
    }
}
