import Multiformats
import Secrets

/// A way to encrypt a connection and to prove who is at each end (libp2p specification, connections/README.md): Noise, or another one
/// that whoever composes the program puts beside it.
package protocol SecurityProtocol: Sendable {
    /// By which multistream-select agrees on it.
    var id: String { get }

    func handshake(_ terms: SecurityTerms) throws(SecurityError) -> any SecurityHandshake
}

package enum SecurityRole: Hashable, Sendable {
    case initiator
    case responder
}

/// What a handshake starts from.
package struct SecurityTerms: Sendable, RedactedSecret {
    package let role: SecurityRole
    package let identity: Identity
    /// Who must be at the other end; anybody if `nil`.
    package let expectedPeer: PeerID?
    /// Protocol ids of our multiplexers, best first.
    package let muxers: [String]
    /// 32 secret random bytes each, never used before.
    package let ephemeralSeed: [UInt8]
    package let staticSeed: [UInt8]

    package init(
        role: SecurityRole, identity: Identity, expectedPeer: PeerID?, muxers: [String], ephemeralSeed: [UInt8], staticSeed: [UInt8]
    ) {
        self.role = role
        self.identity = identity
        self.expectedPeer = expectedPeer
        self.muxers = muxers
        self.ephemeralSeed = ephemeralSeed
        self.staticSeed = staticSeed
    }
}

/// A handshake under way: bytes in, bytes out, until there is an outcome or an error. A peer that keeps silent is for the caller to time out;
/// what one makes us keep is for the handshake to bound.
package protocol SecurityHandshake: Sendable {
    /// What to send before anything is received.
    mutating func start() throws(SecurityError) -> [UInt8]

    /// Takes bytes in any chunks.
    ///
    /// - Parameter send: gets what is to be sent now; also when an error is thrown, for a protocol may tell the peer why.
    mutating func receive(_ bytes: [UInt8], send: inout [UInt8]) throws(SecurityError) -> SecurityOutcome?
}

/// A connection that is encrypted, and whose other end is proved.
package struct SecurityOutcome: Sendable {
    package let session: any SecuredSession
    package let remotePeer: PeerID
    /// Agreed within the handshake; `nil`: negotiate it by multistream-select.
    package let muxer: String?
    /// Received bytes that came behind the handshake, decrypted.
    package let remainder: [UInt8]

    package init(session: any SecuredSession, remotePeer: PeerID, muxer: String?, remainder: [UInt8]) {
        self.session = session
        self.remotePeer = remotePeer
        self.muxer = muxer
        self.remainder = remainder
    }
}

/// The encrypted connection after a handshake. After an error it is of no further use.
package protocol SecuredSession: Sendable {
    /// What it keeps: bytes that wait for the rest of what they belong to, and what the protocol itself takes if that is much.
    var heldBytes: Int { get }

    /// Bytes for the wire; nothing for nothing.
    mutating func encrypt(_ plaintext: [UInt8]) throws(SecurityError) -> [UInt8]

    /// The plaintext of all that is whole now; may be empty.
    ///
    /// - Parameter send: gets what the protocol itself has to say to what came; also when an error is thrown.
    mutating func decrypt(_ bytes: [UInt8], send: inout [UInt8]) throws(SecurityError) -> [UInt8]

    /// Nothing more will be encrypted: the protocol's own last words, if it has any.
    mutating func close() -> [UInt8]
}

/// Why a handshake or session failed. It cannot be resumed: close the connection.
package enum SecurityError: Error, Hashable, Sendable {
    /// The peer proved an identity, but not the one that was dialled.
    case unexpectedPeer(expected: PeerID, found: PeerID)
    /// Anything else, in words.
    case failed(String)
}
