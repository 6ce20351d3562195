import Multiformats

/// Why a handshake or session failed. It cannot be resumed: close the connection.
package enum NoiseError: Error, Hashable, Sendable {
    /// The peer proved an identity, but not the one that was dialled.
    case wrongPeer(expected: PeerID, got: PeerID)
    /// The identity key did not sign the peer's static key.
    case badSignature
    /// A message was altered, or encrypted with other keys.
    case badMAC
    /// A message is too short or too long, or its payload is not what libp2p puts there.
    case malformed
    /// All 2^64 − 1 nonces of a key are used up.
    case nonceExhausted
    /// A seed has 32 bytes.
    case invalidSeed
    /// Our identity could not sign.
    case signingFailed
    /// A call that does not fit the state: started twice, or used after the outcome.
    case outOfOrder
    /// libsodium could not be started.
    case cipherUnavailable
}
