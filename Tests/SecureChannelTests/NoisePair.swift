import Multiformats

@testable import SecureChannel

/// Two ends in memory.
struct NoisePair {
    static let yamux = "/yamux/1.0.0"

    var initiator: NoiseHandshake
    var responder: NoiseHandshake
    let identities: (initiator: Identity, responder: Identity)

    init(initiatorMuxers: [String] = [yamux], responderMuxers: [String] = [yamux], expecting expected: PeerID? = nil) throws {
        identities = (try Identity(seed: Vector.identitySeed), try Identity(seed: [UInt8](repeating: 9, count: 32)))
        initiator = try NoiseHandshake(
            role: .initiator, identity: identities.initiator, expectedPeer: expected, muxers: initiatorMuxers,
            ephemeralSeed: [UInt8](repeating: 1, count: 32), staticSeed: [UInt8](repeating: 2, count: 32))
        responder = try NoiseHandshake(
            role: .responder, identity: identities.responder, expectedPeer: nil, muxers: responderMuxers,
            ephemeralSeed: [UInt8](repeating: 3, count: 32), staticSeed: [UInt8](repeating: 4, count: 32))
    }

    /// The three messages on the wire.
    static func transcript() throws -> [[UInt8]] {
        var pair = try NoisePair()
        _ = try pair.responder.start()
        let first = try pair.initiator.start()
        let second = try pair.responder.receive(first).send
        return [first, second, try pair.initiator.receive(second).send]
    }

    /// Both outcomes, the bytes given to each end in pieces of `size`.
    mutating func run(pieces size: Int = .max) throws -> (NoiseHandshake.Outcome, NoiseHandshake.Outcome)? {
        var toInitiator = try responder.start()
        var toResponder = try initiator.start()
        var outcomes: (NoiseHandshake.Outcome?, NoiseHandshake.Outcome?)
        while !toInitiator.isEmpty || !toResponder.isEmpty {
            let forResponder = Array(toResponder.prefix(size))
            toResponder.removeFirst(forResponder.count)
            let step = try responder.receive(forResponder)
            toInitiator += step.send
            outcomes.1 = step.outcome ?? outcomes.1
            guard outcomes.0 == nil else { continue }
            let forInitiator = Array(toInitiator.prefix(size))
            toInitiator.removeFirst(forInitiator.count)
            let answer = try initiator.receive(forInitiator)
            toResponder += answer.send
            outcomes.0 = answer.outcome
        }
        guard let first = outcomes.0, let second = outcomes.1 else { return nil }
        return (first, second)
    }

    static func sessions() throws -> (initiator: NoiseSession, responder: NoiseSession)? {
        var pair = try NoisePair()
        guard let (first, second) = try pair.run() else { return nil }
        return (first.session, second.session)
    }
}
