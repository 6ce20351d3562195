import Glibc
import IPAddresses
import Mesh
import Multiformats
import SecureChannel
import Testing
import WeftLaboratory
import WeftTestKit
import WireGuard

/// One way to misuse a node, done again and again.
struct Attack: Sendable, CustomTestStringConvertible {
    /// From where, and against whom.
    struct Scene {
        let host: LabHost.Entered
        let victim: String
        let secret: [UInt8]
        let goesOn: () -> Bool

        /// - Parameter number: chooses the adversary's identity.
        func connect(_ number: Int = 0, hasSecret: Bool = true) throws -> Adversary {
            try Adversary(to: victim, from: host, secret: hasSecret ? secret : nil, number: number)
        }

        /// A connection that carries streams.
        func upgraded(_ number: Int = 0, by security: any SecurityProtocol = noise) throws -> Adversary {
            let adversary = try connect(number)
            try adversary.upgrade(by: security)
            return adversary
        }

        /// Holds as many as the victim and the time allow.
        func hold(atMost count: Int, _ make: (Int) throws -> Adversary) -> [Adversary] {
            var all: [Adversary] = []
            while goesOn(), all.count < count, let adversary = try? make(all.count) { all.append(adversary) }
            return all
        }

        /// - Parameter act: what is done again and again in the meantime.
        func wait(_ act: () -> Void = {}) {
            while goesOn() {
                act()
                usleep(50_000)
            }
        }
    }

    let testDescription: String
    let round: @Sendable (Scene) throws -> Void

    init(_ description: String, _ round: @escaping @Sendable (Scene) throws -> Void) {
        testDescription = description
        self.round = round
    }

    static let all = strangers + handshakes + tlsRecords + streams + gossip + records
    static let noise = NoiseSecurity()
    private static let topic = ControlPlane.gossipTopic
    private static let gossipProtocol = "/meshsub/1.1.0"

    // MARK: Without the secret

    static let strangers = [
        Attack("connections that say nothing") { scene in
            let all = scene.hold(atMost: 300) { _ in try scene.connect(hasSecret: false) }
            withExtendedLifetime(all) { scene.wait() }
        },
        Attack("a byte now and then") { scene in
            let all = try (0..<100).map { try scene.connect($0, hasSecret: false) }
            scene.wait { for adversary in all { adversary.send([0x13]) } }
        },
        Attack("noise instead of words") { scene in
            var random = SeededGenerator(seed: 1)
            try scene.connect(hasSecret: false).send(random.bytes(262_144))
        },
    ]

    // MARK: With it, before anything is proved

    static let handshakes =
        [("Noise", noise as any SecurityProtocol), ("TLS", tls)].flatMap { name, security in
            [
                Attack("half handshakes of \(name)") { scene in
                    let all = scene.hold(atMost: 120) { number in
                        let adversary = try scene.connect(number)
                        try adversary.choose(security, begins: true)
                        return adversary
                    }
                    withExtendedLifetime(all) { scene.wait() }
                },
                Attack("handshakes of \(name), one after another") { scene in
                    _ = try scene.upgraded(by: security)
                },
            ]
        } + [
            Attack("a first line of any length") { scene in
                let adversary = try scene.connect()
                adversary.send(Protobuf.varint(1 << 62))
                while scene.goesOn(), adversary.send([UInt8](repeating: 0x61, count: 65_536)) {}
            },
            Attack("handshake messages of rubbish") { scene in
                let adversary = try scene.connect()
                try adversary.choose(noise)
                while scene.goesOn(), adversary.send([0xff, 0xff] + [UInt8](repeating: 7, count: 65_535)) {}
            },
        ]

    // MARK: Streams

    /// Each connection has more to be sent than its peer reads.
    static func unreadEchoes(_ description: String, by security: any SecurityProtocol) -> Attack {
        Attack(description) { scene in
            let all = scene.hold(atMost: 150) { number in
                let adversary = try scene.upgraded(number, by: security)
                for _ in 0..<2 {
                    let stream = try adversary.open("/ipfs/ping/1.0.0")
                    for _ in 0..<8 { try adversary.sendSecured(Adversary.data([UInt8](repeating: 1, count: 32_000), stream: stream)) }
                }
                return adversary
            }
            withExtendedLifetime(all) { scene.wait() }
        }
    }

    static let streams = [
        Attack("thousands of streams") { scene in
            let adversary = try scene.upgraded()
            while scene.goesOn(), adversary.drain() { _ = try adversary.open("/no/such/protocol") }
        },
        Attack("streams that never say what they are") { scene in
            let adversary = try scene.upgraded()
            for number in UInt32(0)..<20_000 where scene.goesOn() {
                guard try adversary.sendSecured(Adversary.frame(.windowUpdate, Adversary.syn, stream: 2 * number + 1, length: 0)),
                    adversary.drain()
                else { break }
            }
        },
        Attack("windows of four GiB") { scene in
            let adversary = try scene.upgraded()
            let stream = try adversary.open(gossipProtocol)
            while scene.goesOn(), adversary.drain() {
                for other: UInt32 in [stream, 2, 4, 6] {
                    try adversary.sendSecured(Adversary.frame(.windowUpdate, stream: other, length: .max))
                }
            }
        },
        Attack("more than the window") { scene in
            let adversary = try scene.upgraded()
            let stream = try adversary.open(gossipProtocol)
            while scene.goesOn(), try adversary.sendSecured(Adversary.data([UInt8](repeating: 0xff, count: 60_000), stream: stream)) {}
        },
        Attack("a frame of four GiB") { scene in
            let adversary = try scene.upgraded()
            let stream = try adversary.open(gossipProtocol)
            try adversary.sendSecured(Adversary.frame(.data, stream: stream, length: .max))
            while scene.goesOn(), try adversary.sendSecured([UInt8](repeating: 0, count: 60_000)) {}
        },
        Attack("pings whose answers are not read") { scene in
            let adversary = try scene.upgraded()
            let pings = (0..<1000).flatMap { Adversary.frame(.ping, Adversary.syn, stream: 0, length: $0) }
            while scene.goesOn(), try adversary.sendSecured(pings) {}
        },
        Attack("echoes that are not read") { scene in
            let adversary = try scene.upgraded()
            let stream = try adversary.open("/ipfs/ping/1.0.0")
            while scene.goesOn(), try adversary.sendSecured(Adversary.data([UInt8](repeating: 1, count: 32_000), stream: stream)) {}
        },
        unreadEchoes("echoes that are not read, by many", by: noise),
        Attack("streams without end, from many") { scene in
            var all: [Adversary] = []
            while scene.goesOn(), all.count < 150 {
                guard let adversary = try? scene.upgraded(all.count) else { break }
                for number in UInt32(0)..<250 {
                    let line: [UInt8] = Protobuf.varint(1000) + [UInt8](repeating: 0x61, count: 900)
                    guard try adversary.sendSecured(Adversary.data(line, Adversary.syn, stream: 2 * number + 1)) else { break }
                }
                adversary.drain()
                all.append(adversary)
            }
            scene.wait { for adversary in all { adversary.drain() } }
        },
        Attack("messages that have no end, from many") { scene in
            var all: [Adversary] = []
            while scene.goesOn(), all.count < 100 {
                guard let adversary = try? scene.upgraded(all.count) else { break }
                for protocolID in [gossipProtocol, ControlPlane.syncProtocol] {
                    let stream = try adversary.open(protocolID)
                    let length = protocolID == gossipProtocol ? 1 << 20 : ControlPlane.maximumSyncMessageLength
                    try adversary.sendSecured(Adversary.data(Protobuf.varint(UInt64(length)), stream: stream))
                    for _ in 0..<(length / 16_384 - 1) {
                        guard try adversary.sendSecured(Adversary.data([UInt8](repeating: 1, count: 16_384), stream: stream)) else { break }
                        adversary.drain()
                    }
                }
                all.append(adversary)
            }
            scene.wait { for adversary in all { adversary.drain() } }
        },
        Attack("lengths that no number holds") { scene in
            for protocolID in [gossipProtocol, ControlPlane.syncProtocol, "/ipfs/id/push/1.0.0"] {
                let adversary = try scene.upgraded()
                let stream = try adversary.open(protocolID)
                try adversary.sendSecured(Adversary.data([UInt8](repeating: 0xff, count: 32), stream: stream))
                try adversary.sendSecured(Adversary.data(Protobuf.varint(.max), stream: stream))
                adversary.drain()
            }
        },
    ]

    // MARK: Publish-subscribe

    private static func gossiping(_ scene: Scene, _ number: Int = 0, _ frames: (Int) -> [UInt8]) throws {
        let adversary = try scene.upgraded(number)
        let stream = try adversary.open(gossipProtocol)
        try adversary.write(Protobuf.subscribe(topic), on: stream)
        try adversary.write(Protobuf.graft(topic), on: stream)
        var count = 0
        while scene.goesOn(), adversary.drain(), try adversary.write(frames(count), on: stream) { count += 1 }
    }

    private static func ids(_ count: Int, _ random: inout SeededGenerator) -> [[UInt8]] { (0..<count).map { _ in random.bytes(20) } }

    static let gossip = [
        Attack("a flood of messages that mean nothing") { scene in
            var random = SeededGenerator(seed: 2)
            try gossiping(scene) { _ in (0..<100).flatMap { _ in Protobuf.publish(random.bytes(900), topic) } }
        },
        Attack("offers of messages that there are not") { scene in
            var random = SeededGenerator(seed: 3)
            try gossiping(scene) { _ in Protobuf.ihave(topic, ids(5000, &random)) }
        },
        Attack("wishes for messages") { scene in
            var random = SeededGenerator(seed: 4)
            try gossiping(scene) { _ in Protobuf.iwant(ids(5000, &random)) }
        },
        Attack("topics without end") { scene in
            try gossiping(scene) { count in
                (0..<200).flatMap { Protobuf.subscribe("topic-\(count)-\($0)") + Protobuf.graft("topic-\(count)-\($0)") }
            }
        },
    ]

    // MARK: Records

    /// Of an invented machine; its identity is in nobody's hands but the adversary's.
    private static func record(_ number: Int, sequence: UInt64 = 1) throws -> SealedRecord {
        var random = SeededGenerator(seed: UInt64(number) &+ 4711)
        let identity = try Identity(seed: random.bytes(Identity.seedLength))
        let record = NodeRecord(
            peer: identity.peerID, sequence: sequence, name: try #require(NodeName("invented-\(number)")), nameClaimedAtMillis: 1000,
            wireguardKey: try #require(WireGuardPublicKey(bytes: random.bytes(32))), addresses: [], wireguardPort: 1,
            endpoints: [], peeringAddresses: [], lease: .seconds(3600), software: "")
        return try record.sealed(by: identity)
    }

    private static func announcement(_ envelope: [UInt8]) -> [UInt8] { Protobuf.field(1, Protobuf.field(1, envelope)) }

    static let records = [
        Attack("records that were tampered with") { scene in
            let envelope = try record(1).envelope
            try gossiping(scene) { count in
                (0..<50).flatMap { number -> [UInt8] in
                    var bytes = envelope
                    bytes[(count * 50 + number) % bytes.count] ^= UInt8(1 << (count % 8))
                    return Protobuf.publish(announcement(bytes), topic)
                }
            }
        },
        Attack("one record again and again") { scene in
            let message = Protobuf.publish(announcement(try record(2).envelope), topic)
            try gossiping(scene) { _ in (0..<100).flatMap { _ in message } }
        },
        Attack("one record anew each time") { scene in
            try gossiping(scene) { count in
                (try? record(3, sequence: UInt64(count) + 2)).map { Protobuf.publish(announcement($0.envelope), topic) } ?? []
            }
        },
        Attack("machines that there are not") { scene in
            try gossiping(scene) { count in
                (0..<10).flatMap { number in
                    (try? record(count * 10 + number + 10)).map { Protobuf.publish(announcement($0.envelope), topic) } ?? []
                }
            }
        },
        Attack("answers that are not read, by many") { scene in
            // A range of everything, of which the sender holds nothing, and what it lacks is to be sent.
            let wish = Protobuf.field(2, Protobuf.field(3, [])) + Protobuf.field(4, 1)
            var all: [(Adversary, UInt32)] = []
            while scene.goesOn(), all.count < 100 {
                guard let adversary = try? scene.upgraded(all.count) else { break }
                all.append((adversary, try adversary.open(ControlPlane.syncProtocol)))
            }
            while scene.goesOn() {
                for (adversary, stream) in all { _ = try? adversary.write(wish, on: stream) }
            }
        },
        Attack("comparisons of rubbish") { scene in
            var random = SeededGenerator(seed: 5)
            let adversary = try scene.upgraded()
            let stream = try adversary.open(ControlPlane.syncProtocol)
            while scene.goesOn(), adversary.drain(), try adversary.write(random.bytes(60_000), on: stream) {}
        },
    ]
}
