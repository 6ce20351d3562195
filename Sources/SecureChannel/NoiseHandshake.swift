import Crypto
import Multiformats
import Secrets

/// Secures a connection and proves both identities: Noise XX with libp2p's payloads (libp2p specification, noise/README.md).
///
/// Send what `start` returns, then feed `receive` until it gives an outcome. A peer that keeps silent is for the caller to time out.
package struct NoiseHandshake: Sendable, RedactedSecret {
    /// Longest handshake message that is read, in bytes: a few keys, signatures and names.
    package static let maximumMessageLength = 8192
    static let seedLength = 32

    package typealias Role = SecurityRole

    package struct Step: Sendable {
        /// To be sent now; also when there is an outcome.
        package var send: [UInt8]
        package var outcome: Outcome?
    }

    package struct Outcome: Sendable {
        package var session: NoiseSession
        package var remoteKey: PublicKey
        package var remotePeer: PeerID
        /// Agreed within the handshake; `nil`: negotiate it by multistream-select.
        package var muxer: String?
        /// Received bytes that follow the handshake, still encrypted: give them to `session.decrypt`.
        package var remainder: [UInt8]
    }

    enum State: Sendable {
        /// Waits for `start`; becomes `handshaking`.
        case idle
        /// Messages are exchanged; finishes or fails.
        case handshaking
        case finished
        case failed(NoiseError)
    }

    let role: Role
    let identity: Identity
    let expectedPeer: PeerID?
    let muxers: [String]
    var noise: NoiseXX
    var state = State.idle
    var received: [UInt8] = []

    /// - Parameters:
    ///   - expectedPeer: whom the initiator dialled; any peer if `nil`.
    ///   - muxers: protocol ids of our multiplexers, best first.
    ///   - ephemeralSeed: 32 secret random bytes, never used before.
    ///   - staticSeed: 32 secret random bytes; may be kept for other connections.
    package init(
        role: Role, identity: Identity, expectedPeer: PeerID?, muxers: [String], ephemeralSeed: [UInt8], staticSeed: [UInt8]
    ) throws(NoiseError) {
        guard Sodium.isAvailable else { throw .cipherUnavailable }
        guard ephemeralSeed.count == Self.seedLength, staticSeed.count == Self.seedLength,
            let ephemeralKey = try? NoiseXX.PrivateKey(rawRepresentation: ephemeralSeed),
            let staticKey = try? NoiseXX.PrivateKey(rawRepresentation: staticSeed)
        else { throw .invalidSeed }
        self.role = role
        self.identity = identity
        self.expectedPeer = expectedPeer
        self.muxers = muxers
        noise = NoiseXX(isInitiator: role == .initiator, prologue: [], staticKey: staticKey, ephemeralKey: ephemeralKey)
    }

    /// The first message of the initiator; nothing for a responder.
    package mutating func start() throws(NoiseError) -> [UInt8] {
        guard case .idle = state else { throw .outOfOrder }
        state = .handshaking
        return role == .initiator ? try NoiseFrame.encode(noise.write(payload: [])) : []
    }

    package mutating func receive(_ bytes: [UInt8]) throws(NoiseError) -> Step {
        switch state {
        case .idle, .finished: throw .outOfOrder
        case .failed(let error): throw error
        case .handshaking: break
        }
        do throws(NoiseError) {
            received += bytes
            return try processFrames()
        } catch {
            state = .failed(error)
            received = []
            throw error
        }
    }
}
