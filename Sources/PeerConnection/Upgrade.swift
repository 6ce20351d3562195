import Multiformats
import SecureChannel

/// From a raw connection to an encrypted, multiplexed one: multistream-select, Noise, and multistream-select again unless the
/// handshake has agreed on the multiplexer (libp2p connections/README.md and connections/inlined-muxer-negotiation.md).
struct Upgrade: Sendable {
    static let noise = "/noise"
    static let yamux = "/yamux/1.0.0"

    /// What is under way. Each can become the next, or fail; `done` is the end.
    private enum Phase: Sendable {
        case choosingSecurity(MultistreamNegotiation)
        case handshake(NoiseHandshake)
        case choosingMuxer(MultistreamNegotiation, Secured)
        case done
    }

    /// The encrypted channel, and who is at its other end.
    struct Secured: Sendable {
        private(set) var session: NoiseSession
        let remotePeer: PeerID

        var pendingCount: Int { session.pendingCount }

        mutating func encrypt(_ plaintext: [UInt8]) throws(ConnectionFailure) -> [UInt8] {
            if plaintext.isEmpty { return [] }
            do { return try session.encrypt(plaintext) } catch { throw ConnectionFailure(error) }
        }

        mutating func decrypt(_ bytes: [UInt8]) throws(ConnectionFailure) -> [UInt8] {
            do { return try session.decrypt(bytes) } catch { throw ConnectionFailure(error) }
        }
    }

    struct Outcome: Sendable {
        /// Decrypted bytes that came behind the upgrade: the first of the multiplexer.
        let remainder: [UInt8]
        let secured: Secured
    }

    private let role: NoiseHandshake.Role
    private var phase: Phase
    private let handshake: NoiseHandshake

    init(
        role: NoiseHandshake.Role, identity: Identity, expectedPeer: PeerID?, entropy: ConnectionEntropy
    ) throws(ConnectionFailure) {
        self.role = role
        do {
            handshake = try NoiseHandshake(
                role: role, identity: identity, expectedPeer: expectedPeer, muxers: [Self.yamux], ephemeralSeed: entropy.ephemeralSeed,
                staticSeed: entropy.staticSeed)
        } catch {
            throw ConnectionFailure(error)
        }
        phase = .choosingSecurity(Self.negotiation(role, Self.noise))
    }

    private static func negotiation(_ role: NoiseHandshake.Role, _ id: String) -> MultistreamNegotiation {
        role == .initiator ? MultistreamNegotiation(proposing: [id]) : MultistreamNegotiation(supporting: [id])
    }

    /// The bytes to send before anything was received.
    mutating func start() -> [UInt8] {
        guard case .choosingSecurity(var negotiation) = phase else { return [] }
        let bytes = negotiation.start()
        phase = .choosingSecurity(negotiation)
        return bytes
    }

    /// Takes what came in and returns what to send; the outcome is there once, at the end.
    mutating func receive(_ bytes: [UInt8]) throws(ConnectionFailure) -> (send: [UInt8], outcome: Outcome?) {
        var send: [UInt8] = []
        var input = bytes
        while true {
            switch phase {
            case .choosingSecurity(let negotiation):
                guard let rest = try chooseSecurity(negotiation, input, &send) else { return (send, nil) }
                input = rest
            case .handshake(let handshake):
                switch try shakeHands(handshake, input, &send) {
                case nil: return (send, nil)
                case .outcome(let outcome): return (send, outcome)
                case .continue(let rest): input = rest
                }
            case .choosingMuxer(let negotiation, let secured):
                let outcome = try chooseMuxer(negotiation, secured, input, &send)
                return (send, outcome)
            case .done:
                return (send, nil)
            }
        }
    }

    private mutating func chooseSecurity(
        _ negotiation: MultistreamNegotiation, _ input: [UInt8], _ send: inout [UInt8]
    ) throws(ConnectionFailure) -> [UInt8]? {
        var negotiation = negotiation
        let step: MultistreamNegotiation.Step
        do { step = try negotiation.receive(input) } catch { throw ConnectionFailure(error, layer: "security") }
        send += step.send
        guard let outcome = step.outcome else {
            phase = .choosingSecurity(negotiation)
            return nil
        }
        var handshake = self.handshake
        do { send += try handshake.start() } catch { throw ConnectionFailure(error) }
        phase = .handshake(handshake)
        return outcome.remainder
    }

    private enum HandshakeProgress {
        case `continue`([UInt8])
        case outcome(Outcome)
    }

    private mutating func shakeHands(
        _ handshake: NoiseHandshake, _ input: [UInt8], _ send: inout [UInt8]
    ) throws(ConnectionFailure) -> HandshakeProgress? {
        var handshake = handshake
        let step: NoiseHandshake.Step
        do { step = try handshake.receive(input) } catch { throw ConnectionFailure(error) }
        send += step.send
        guard let outcome = step.outcome else {
            phase = .handshake(handshake)
            return nil
        }
        var secured = Secured(session: outcome.session, remotePeer: outcome.remotePeer)
        if outcome.muxer == Self.yamux {
            phase = .done
            return .outcome(Outcome(remainder: try secured.decrypt(outcome.remainder), secured: secured))
        }
        var negotiation = Self.negotiation(role, Self.yamux)
        send += try secured.encrypt(negotiation.start())
        phase = .choosingMuxer(negotiation, secured)
        return .continue(outcome.remainder)
    }

    private mutating func chooseMuxer(
        _ negotiation: MultistreamNegotiation, _ secured: Secured, _ input: [UInt8], _ send: inout [UInt8]
    ) throws(ConnectionFailure) -> Outcome? {
        var (negotiation, secured) = (negotiation, secured)
        let plaintext = try secured.decrypt(input)
        let step: MultistreamNegotiation.Step
        do { step = try negotiation.receive(plaintext) } catch { throw ConnectionFailure(error, layer: "multiplexing") }
        send += try secured.encrypt(step.send)
        guard let outcome = step.outcome else {
            phase = .choosingMuxer(negotiation, secured)
            return nil
        }
        phase = .done
        return Outcome(remainder: outcome.remainder, secured: secured)
    }
}
