import Multiformats
import Timeline
import WeftTestKit

@testable import GossipSub

typealias Router = GossipSubRouter<SeededGenerator>

let topic = Topic("weft/test")
let unsigned = TopicPolicy(signing: .none, validation: .acceptAll)
let signed = TopicPolicy(signing: .strictSign, validation: .acceptAll)
let validated = TopicPolicy(signing: .none, validation: .external)

/// The identity number `index` of a test.
func identity(_ index: Int) throws -> Identity {
    try Identity(seed: [UInt8(truncatingIfNeeded: index), UInt8(truncatingIfNeeded: index >> 8)] + [UInt8](repeating: 7, count: 30))
}

func peerID(_ index: Int) throws -> PeerID { try identity(index).peerID }

/// Where the identity number `index` says that it listens.
func sealedRecord(_ index: Int, sequence: UInt64 = 1, addresses: Int = 1) throws -> [UInt8] {
    let addresses = try (0..<addresses).map { try Multiaddr("/ip4/10.0.0.1/tcp/\($0 + 1)") }
    let record = PeerRecord(peerID: try peerID(index), sequence: sequence, addresses: addresses)
    return try record.sealed(by: identity(index)).encoded
}

func suggestion(_ index: Int, addresses: Int = 1) throws -> PeerSuggestion {
    PeerSuggestion(peer: try peerID(index), record: try sealedRecord(index, addresses: addresses))
}

/// A frame with these entries, as a peer would send it.
func frame(
    subscribe: [Topic] = [], unsubscribe: [Topic] = [], messages: [[UInt8]] = [], control: [ControlEntry] = []
) -> [UInt8] {
    var builder = FrameBuilder(maximumBytes: .max)
    for topic in subscribe { builder.add(Subscription(topic: topic, isSubscribed: true)) }
    for topic in unsubscribe { builder.add(Subscription(topic: topic, isSubscribed: false)) }
    for message in messages { builder.add(message: message) }
    for entry in control { builder.add(entry) }
    builder.finish()
    return builder.frames[0]
}

/// One router under test, with hand-made peers.
struct Bench {
    var router: Router
    var now = Instant.origin + .seconds(1_000)

    init(_ configuration: GossipSubConfiguration = GossipSubConfiguration(), index: Int = 0) throws {
        router = Router(identity: try identity(index), configuration: configuration, firstSequence: 1, generator: SeededGenerator(seed: 1))
    }

    mutating func callAsFunction(_ input: GossipSubInput) -> [GossipSubAction] {
        router.handle(input, now: now)
    }

    /// A connected peer that subscribed to the topic.
    mutating func join(
        _ peer: PeerID, _ version: PeerVersion = .v1_1, isOutbound: Bool = false, topics: [Topic] = [topic]
    ) -> [GossipSubAction] {
        self(.peerConnected(peer, version, isOutbound: isOutbound)) + self(.received(from: peer, frame(subscribe: topics)))
    }

    mutating func graft(_ peer: PeerID) -> [GossipSubAction] {
        self(.received(from: peer, frame(control: [.graft(topic)])))
    }

    func score(of peer: PeerID) -> Double { router.score(of: peer, now: now) }

    var mesh: Set<PeerID> { router.topics[topic]?.mesh ?? [] }

    /// Gives all deadlines up to `duration` from now.
    mutating func run(_ duration: Duration) -> [GossipSubAction] {
        let end = now + duration
        var actions: [GossipSubAction] = []
        while let deadline = router.nextDeadline, deadline <= end {
            now = max(now, deadline)
            actions += self(.deadlineReached)
        }
        now = end
        return actions
    }
}

extension [GossipSubAction] {
    func rpcs(to peer: PeerID) -> [ReceivedRPC] {
        compactMap {
            guard case .send(to: peer, let frame) = $0 else { return nil }
            var configuration = GossipSubConfiguration()
            configuration.exchangesPeers = true
            return try? RPCCodec.decode(frame, configuration)
        }
    }

    /// Whom to connect to.
    var suggested: [PeerID] {
        flatMap { action -> [PeerID] in
            if case .connect(let records) = action { records.map(\.peerID) } else { [] }
        }
    }

    func control(to peer: PeerID) -> [ControlEntry] { rpcs(to: peer).flatMap(\.control) }
    func messages(to peer: PeerID) -> [[UInt8]] { rpcs(to: peer).flatMap(\.messages) }

    var delivered: [Message] {
        compactMap { if case .deliver(let message) = $0 { message } else { nil } }
    }

    var dropReasons: [DropReason] {
        compactMap { if case .dropped(_, let reason) = $0 { reason } else { nil } }
    }

    var recipients: Set<PeerID> {
        Set(compactMap { if case .send(let peer, _) = $0 { peer } else { nil } })
    }
}

func bytes(hex: String) -> [UInt8] {
    let digits = hex.utf8.map { $0 < 0x40 ? $0 - 0x30 : $0 - 0x57 }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
