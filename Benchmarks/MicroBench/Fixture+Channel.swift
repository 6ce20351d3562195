import SecureChannel
import Yamux

/// The peering connection: its handshake, and what its bytes cost in each layer.
extension Fixture {
    private static let block = [UInt8](repeating: 0x5a, count: 65_536)

    static func channel() throws -> [Benchmark] {
        let sessions = try handshake()
        var sender = sessions.0
        let receiver = sessions.1
        var first = sender
        let sealed = try first.encrypt(block)
        let networkKey = try some(PrivateNetworkKey(bytes: bytes(0, 3)))
        var cipher = try PrivateNetworkCipher(key: networkKey, nonce: [UInt8](repeating: 1, count: PrivateNetworkCipher.nonceLength))
        var streams = try YamuxPair()
        return [
            Benchmark("noise: handshake, both sides") {
                var session = try handshake().0
                return try session.encrypt([1]).count
            },
            Benchmark("noise: encrypt 64 KiB") { try sender.encrypt(block).count },
            Benchmark("noise: decrypt 64 KiB") {
                var copy = receiver
                return try copy.decrypt(sealed).count
            },
            Benchmark("pnet: XSalsa20 over 64 KiB") { cipher.encrypt(block).count },
            Benchmark("yamux: 64 KiB framed, unframed and acknowledged") { try streams.carry(block) },
        ]
    }

    /// Both ends of a Noise XX handshake, in memory.
    private static func handshake() throws -> (NoiseSession, NoiseSession) {
        func side(_ role: NoiseHandshake.Role, _ number: Int) throws -> NoiseHandshake {
            try NoiseHandshake(
                role: role, identity: try identity(number), expectedPeer: nil, muxers: ["/yamux/1.0.0"], ephemeralSeed: bytes(number, 4),
                staticSeed: bytes(number, 5))
        }
        var (initiator, responder) = (try side(.initiator, 0), try side(.responder, 1))
        _ = try responder.start()
        let second = try responder.receive(initiator.start())
        let third = try initiator.receive(second.send)
        let last = try responder.receive(third.send)
        return (try some(third.outcome).session, try some(last.outcome).session)
    }
}

/// Two yamux sessions with one stream between them.
private struct YamuxPair {
    private var initiator: YamuxSession
    private var responder: YamuxSession
    private let stream: YamuxStreamID

    init() throws {
        initiator = YamuxSession(role: .initiator, now: Fixture.now)
        responder = YamuxSession(role: .responder, now: Fixture.now)
        var opened: YamuxStreamID?
        for action in initiator.handle(.open, now: Fixture.now) {
            if case .opened(let stream) = action { opened = stream }
            if case .send(let bytes) = action { _ = responder.handle(.received(bytes), now: Fixture.now) }
        }
        stream = try Fixture.some(opened)
    }

    /// Sends the bytes over; the receiver takes them at once, and grants window for more.
    mutating func carry(_ bytes: [UInt8]) throws -> Int {
        var received = 0
        for case .send(let frames) in initiator.handle(.write(stream, bytes), now: Fixture.now) {
            for case .received(_, let payload) in responder.handle(.received(frames), now: Fixture.now) { received += payload.count }
        }
        for case .send(let grant) in responder.handle(.consumed(stream, received), now: Fixture.now) {
            _ = initiator.handle(.received(grant), now: Fixture.now)
        }
        guard received == bytes.count else { throw BenchmarkError("yamux carried \(received) of \(bytes.count) bytes") }
        return received
    }
}
