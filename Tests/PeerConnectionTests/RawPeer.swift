import Multiformats
import SecureChannel
import Testing
import Timeline

@testable import PeerConnection
@testable import Yamux

/// A peer of the test's own making: it speaks the upgrade correctly, and then whatever the test wants, above the encryption.
struct RawPeer {
    private enum Phase {
        case security(MultistreamNegotiation)
        case handshake
        case muxer(MultistreamNegotiation)
        case open
    }

    let role: NoiseHandshake.Role
    private var cipher: PrivateNetworkCipher?
    private var handshake: NoiseHandshake
    private var session: NoiseSession?
    private var phase: Phase
    /// Plaintext behind the upgrade.
    private(set) var received: [UInt8] = []

    /// - Parameter muxers: what the handshake offers; with none the multiplexer is agreed on by multistream-select.
    init(_ role: NoiseHandshake.Role, key: PrivateNetworkKey? = networkKey(7), muxers: [String] = [Upgrade.yamux]) throws {
        self.role = role
        cipher = try key.map { try PrivateNetworkCipher(key: $0, nonce: [UInt8](repeating: 5, count: 24)) }
        handshake = try NoiseHandshake(
            role: role, identity: try identity(99), expectedPeer: nil, muxers: muxers, ephemeralSeed: [UInt8](repeating: 3, count: 32),
            staticSeed: [UInt8](repeating: 4, count: 32))
        phase = .security(Self.negotiation(role, NoiseSecurity.id))
    }

    private static func negotiation(_ role: NoiseHandshake.Role, _ id: String) -> MultistreamNegotiation {
        role == .initiator ? MultistreamNegotiation(proposing: [id]) : MultistreamNegotiation(supporting: [id])
    }

    mutating func start() -> [UInt8] {
        guard case .security(var negotiation) = phase else { return [] }
        return encipher(negotiation.start())
    }

    /// Takes bytes from the wire, returns bytes for it.
    mutating func receive(_ wire: [UInt8]) throws -> [UInt8] {
        var input = cipher?.decrypt(wire) ?? wire
        var send: [UInt8] = []
        if case .security(var negotiation) = phase {
            let step = try negotiation.receive(input)
            send += step.send
            phase = .security(negotiation)
            guard let outcome = step.outcome else { return encipher(send) }
            send += try handshake.start()
            phase = .handshake
            input = outcome.remainder
        }
        if case .handshake = phase {
            let step = try handshake.receive(input)
            send += step.send
            guard let outcome = step.outcome else { return encipher(send) }
            session = outcome.session
            input = outcome.remainder
            var negotiation = Self.negotiation(role, Upgrade.yamux)
            if outcome.muxer == nil { send += try session?.encrypt(negotiation.start()) ?? [] }
            phase = outcome.muxer == nil ? .muxer(negotiation) : .open
        }
        return encipher(send + (try receiveSecured(input)))
    }

    private mutating func receiveSecured(_ bytes: [UInt8]) throws -> [UInt8] {
        var plaintext = try session?.decrypt(bytes) ?? []
        var send: [UInt8] = []
        if case .muxer(var negotiation) = phase {
            let step = try negotiation.receive(plaintext)
            send = try session?.encrypt(step.send) ?? []
            phase = .muxer(negotiation)
            guard let outcome = step.outcome else { return send }
            phase = .open
            plaintext = outcome.remainder
        }
        received += plaintext
        return send
    }

    mutating func takeReceived() -> [UInt8] {
        defer { received = [] }
        return received
    }

    /// Plaintext as it goes onto the wire.
    mutating func seal(_ plaintext: [UInt8]) throws -> [UInt8] {
        encipher(try session?.encrypt(plaintext) ?? [])
    }

    private mutating func encipher(_ bytes: [UInt8]) -> [UInt8] {
        bytes.isEmpty ? [] : cipher?.encrypt(bytes) ?? bytes
    }
}

/// A machine under test against a peer that the test plays, stream by stream.
struct Bench {
    var machine: PeerConnection
    var peer: RawPeer
    var yamux: YamuxSession
    var now = Instant.origin
    var news: [Action] = []
    var streams: [YamuxSession.Action] = []
    /// Whether what arrives is consumed at once, so that the machine may send more.
    var reads = true

    /// The connection stands; streams that the machine opens by itself are in `streams`.
    init(_ role: PeerConnection.Role = .listener, _ setup: Setup = .listener, muxers: [String] = [Upgrade.yamux]) throws {
        machine = try setup.machine(role)
        peer = try RawPeer(role == .dialer ? .responder : .initiator, key: setup.key, muxers: muxers)
        yamux = YamuxSession(role: role == .dialer ? .responder : .initiator, now: .origin)
        var toPeer = machine.start().written
        var toMachine = peer.start()
        while !toPeer.isEmpty || !toMachine.isEmpty {
            let forPeer = toPeer
            toPeer = []
            toMachine += try peer.receive(forPeer)
            let actions = machine.handle(.received(toMachine), now: now)
            toMachine = []
            toPeer += actions.written
            news += actions.filter { if case .write = $0 { false } else { true } }
        }
        try hear()
    }

    /// The test's end does something on its streams.
    mutating func play(_ input: YamuxSession.Input) throws {
        try carryOut(yamux.handle(input, now: now))
    }

    /// The machine under test gets an input of its own.
    mutating func give(_ input: PeerConnection.Input) throws {
        try note(machine.handle(input, now: now))
    }

    /// Any bytes above the encryption.
    mutating func sendPlaintext(_ bytes: [UInt8]) throws {
        try note(machine.handle(.received(peer.seal(bytes)), now: now))
    }

    mutating func run(_ duration: Duration) throws {
        now = now + duration
        try give(.deadlineReached)
    }

    private mutating func note(_ actions: [Action]) throws {
        news += actions.filter { if case .write = $0 { false } else { true } }
        let answer = try peer.receive(actions.written)
        if !answer.isEmpty { try note(machine.handle(.received(answer), now: now)) }
        try hear()
    }

    private mutating func hear() throws {
        let plaintext = peer.takeReceived()
        if !plaintext.isEmpty { try carryOut(yamux.handle(.received(plaintext), now: now)) }
    }

    private mutating func carryOut(_ actions: [YamuxSession.Action]) throws {
        streams += actions
        for case .send(let bytes) in actions { try sendPlaintext(bytes) }
        guard reads else { return }
        for case .received(let stream, let bytes) in actions { try play(.consumed(stream, bytes.count)) }
    }

    /// Opens a stream and proposes protocols one after the other.
    mutating func open(_ ids: String...) throws -> YamuxStreamID {
        try play(.open)
        let opened = streams.compactMap { if case .opened(let stream) = $0 { stream } else { nil } }.last
        let stream = try #require(opened)
        let proposal = (["/multistream/1.0.0"] + ids).flatMap(line)
        try play(.write(stream, proposal))
        return stream
    }

    /// What the machine has sent on a stream, as multistream-select's lines as far as they go.
    func bytes(on stream: YamuxStreamID) -> [UInt8] {
        streams.flatMap { action -> [UInt8] in
            if case .received(stream, let bytes) = action { bytes } else { [] }
        }
    }

    /// What the machine has sent behind the negotiation.
    func answer(on stream: YamuxStreamID, after ids: String...) -> [UInt8] {
        let agreed = (["/multistream/1.0.0"] + ids).flatMap(line)
        let all = bytes(on: stream)
        return all.starts(with: agreed) ? Array(all.dropFirst(agreed.count)) : []
    }

    func end(of stream: YamuxStreamID) -> YamuxStreamEnd? {
        streams.lazy.compactMap { if case .closed(stream, let end) = $0 { end } else { nil } }.first
    }

    /// Streams that the machine has opened, oldest first.
    var inbound: [YamuxStreamID] {
        streams.compactMap { if case .inbound(let stream) = $0 { stream } else { nil } }
    }
}

func line(_ text: String) -> [UInt8] { LengthPrefixed.encode(Array(text.utf8) + [0x0a]) }
