import Multiformats
import SecureChannel

/// From a raw connection to an encrypted, multiplexed one: multistream-select, the security protocol's handshake, and multistream-select
/// again unless the handshake has agreed on the multiplexer (libp2p connections/README.md and connections/inlined-muxer-negotiation.md).
struct Upgrade: Sendable {
    static let yamux = "/yamux/1.0.0"

    /// What is under way. Each can become the next, or fail; `done` is the end.
    private enum Phase: Sendable {
        case choosingSecurity(MultistreamNegotiation)
        case handshake(any SecurityHandshake)
        case choosingMuxer(MultistreamNegotiation, Secured)
        case done
    }

    /// The encrypted channel, and who is at its other end.
    struct Secured: Sendable {
        private var session: any SecuredSession
        let remotePeer: PeerID

        init(_ outcome: SecurityOutcome) {
            session = outcome.session
            remotePeer = outcome.remotePeer
        }

        var heldBytes: Int { session.heldBytes }

        mutating func encrypt(_ plaintext: [UInt8]) throws(ConnectionFailure) -> [UInt8] {
            if plaintext.isEmpty { return [] }
            do { return try session.encrypt(plaintext) } catch { throw ConnectionFailure(error) }
        }

        /// - Parameter send: gets what the security protocol itself has to say.
        mutating func decrypt(_ bytes: [UInt8], send: inout [UInt8]) throws(ConnectionFailure) -> [UInt8] {
            do { return try session.decrypt(bytes, send: &send) } catch { throw ConnectionFailure(error) }
        }

        mutating func close() -> [UInt8] { session.close() }
    }

    struct Outcome: Sendable {
        /// Decrypted bytes that came behind the upgrade: the first of the multiplexer.
        let remainder: [UInt8]
        let secured: Secured
    }

    private let role: SecurityRole
    private var phase: Phase
    private let protocols: [any SecurityProtocol]
    private let terms: SecurityTerms

    init(role: SecurityRole, configuration: ConnectionConfiguration, expectedPeer: PeerID?, entropy: ConnectionEntropy) {
        self.role = role
        protocols = configuration.security
        terms = SecurityTerms(
            role: role, identity: configuration.identity, expectedPeer: expectedPeer, muxers: [Self.yamux],
            ephemeralSeed: entropy.ephemeralSeed, staticSeed: entropy.staticSeed)
        phase = .choosingSecurity(Self.negotiation(role, protocols.map(\.id)))
    }

    private static func negotiation(_ role: SecurityRole, _ ids: [String]) -> MultistreamNegotiation {
        role == .initiator ? MultistreamNegotiation(proposing: ids) : MultistreamNegotiation(supporting: ids)
    }

    /// The bytes to send before anything was received.
    mutating func start() -> [UInt8] {
        guard case .choosingSecurity(var negotiation) = phase else { return [] }
        let bytes = negotiation.start()
        phase = .choosingSecurity(negotiation)
        return bytes
    }

    /// Takes what came in; the outcome is there once, at the end.
    ///
    /// - Parameter send: gets what to send, also when the upgrade fails.
    mutating func receive(_ bytes: [UInt8], send: inout [UInt8]) throws(ConnectionFailure) -> Outcome? {
        var input = bytes
        while true {
            switch phase {
            case .choosingSecurity(let negotiation):
                guard let rest = try chooseSecurity(negotiation, input, &send) else { return nil }
                input = rest
            case .handshake(let handshake):
                guard let outcome = try shakeHands(handshake, input, &send) else { return nil }
                return try chooseMuxer(outcome, &send)
            case .choosingMuxer(let negotiation, var secured):
                let plaintext = try secured.decrypt(input, send: &send)
                return try chooseMuxer(negotiation, secured, plaintext, &send)
            case .done:
                return nil
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
        phase = .choosingSecurity(negotiation)
        guard let outcome = step.outcome else { return nil }
        guard let chosen = protocols.first(where: { $0.id == outcome.protocolID }) else { throw .noCommonProtocol(layer: "security") }
        do throws(SecurityError) {
            var handshake = try chosen.handshake(terms)
            send += try handshake.start()
            phase = .handshake(handshake)
        } catch {
            throw ConnectionFailure(error)
        }
        return outcome.remainder
    }

    private mutating func shakeHands(
        _ handshake: any SecurityHandshake, _ input: [UInt8], _ send: inout [UInt8]
    ) throws(ConnectionFailure) -> SecurityOutcome? {
        var handshake = handshake
        defer { phase = .handshake(handshake) }
        do { return try handshake.receive(input, send: &send) } catch { throw ConnectionFailure(error) }
    }

    /// Nothing to choose if the handshake has.
    private mutating func chooseMuxer(_ outcome: SecurityOutcome, _ send: inout [UInt8]) throws(ConnectionFailure) -> Outcome? {
        var secured = Secured(outcome)
        if outcome.muxer == Self.yamux {
            phase = .done
            return Outcome(remainder: outcome.remainder, secured: secured)
        }
        var negotiation = Self.negotiation(role, [Self.yamux])
        send += try secured.encrypt(negotiation.start())
        return try chooseMuxer(negotiation, secured, outcome.remainder, &send)
    }

    private mutating func chooseMuxer(
        _ negotiation: MultistreamNegotiation, _ secured: Secured, _ plaintext: [UInt8], _ send: inout [UInt8]
    ) throws(ConnectionFailure) -> Outcome? {
        var (negotiation, secured) = (negotiation, secured)
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
