import Multiformats
import Testing
import Timeline
import WeftTestKit

@testable import GossipSub

@Suite("Hostile frames")
struct FuzzTests {
    private static let configuration = {
        var configuration = GossipSubConfiguration()
        configuration.maximumSeenMessages = 200
        configuration.maximumCacheBytes = 20_000
        configuration.maximumPendingValidations = 20
        configuration.maximumBackoffs = 50
        configuration.maximumPromises = 30
        configuration.maximumSubscriptionsPerPeer = 20
        configuration.maximumPeers = 12
        return configuration
    }()

    private func corpus() throws -> [[UInt8]] {
        let author = try identity(40)
        let id = MessageID(bytes: [UInt8](repeating: 3, count: 20))
        return [
            frame(),
            frame(subscribe: [topic, Topic("signed"), Topic("other")]),
            frame(unsubscribe: [topic]),
            frame(subscribe: [topic], control: [.graft(topic)]),
            frame(control: [.prune(topic, backoffSeconds: 30), .prune(Topic("signed"), backoffSeconds: nil)]),
            frame(control: [.ihave(topic, [id, MessageID(bytes: [1, 2])]), .iwant([id]), .graft(Topic("signed"))]),
            frame(messages: [try MessageSigning.unsigned(topic, Array("some data".utf8)).bytes]),
            frame(messages: [try MessageSigning.signed(Topic("signed"), Array("some data".utf8), sequence: 7, by: author).bytes]),
            frame(
                subscribe: [topic], messages: [try MessageSigning.unsigned(Topic("external"), [1]).bytes],
                control: [.iwant([MessageSigning.contentID(topic, Array("some data".utf8))])]),
        ]
    }

    @Test("100,000 mutated frames: no trap, all state within its bounds")
    func mutatedFrames() throws {
        let seed = testSeed("mutatedFrames")
        var generator = SeededGenerator(seed: seed)
        let corpus = try corpus()
        var bench = try Bench(Self.configuration)
        _ = bench(.subscribe(topic, unsigned))
        _ = bench(.subscribe(Topic("signed"), signed))
        _ = bench(.subscribe(Topic("external"), validated))
        let peers = try (1...16).map { try peerID($0) }
        var delivered = 0
        for round in 0..<100_000 {
            let peer = peers[Int.random(in: 0..<peers.count, using: &generator)]
            bench.now = bench.now + .milliseconds(Int.random(in: 0...20, using: &generator))
            switch Int.random(in: 0..<50, using: &generator) {
            case 0: _ = bench(.peerDisconnected(peer))
            case 1:
                let version = PeerVersion.allCases.randomElement(using: &generator) ?? .v1_1
                _ = bench(.peerConnected(peer, version, isOutbound: round % 3 == 0))
            case 2: _ = bench(.deadlineReached)
            default:
                let valid = corpus[Int.random(in: 0..<corpus.count, using: &generator)]
                delivered += bench(.received(from: peer, generator.mutated(valid, among: corpus))).delivered.count
            }
            if round % 500 == 0 { expectBounded(bench.router, seed) }
        }
        expectBounded(bench.router, seed)
        #expect(delivered > 0, "the fuzzer reached the end of the path")
    }

    private func expectBounded(_ router: Router, _ seed: UInt64) {
        let limits = Self.configuration
        #expect(router.peers.count <= limits.maximumPeers, "seed \(seed)")
        #expect(router.peers.values.allSatisfy { $0.topics.count <= limits.maximumSubscriptionsPerPeer }, "seed \(seed)")
        #expect(router.seen.count <= limits.maximumSeenMessages, "seed \(seed)")
        #expect(router.cache.byteCount <= limits.maximumCacheBytes, "seed \(seed)")
        #expect(router.validations.count <= limits.maximumPendingValidations, "seed \(seed)")
        #expect(router.backoffs.count <= limits.maximumBackoffs, "seed \(seed)")
        #expect(router.promises.count <= limits.maximumPromises, "seed \(seed)")
        #expect(router.topics.count == 3 && router.fanout.isEmpty, "seed \(seed)")
        #expect(router.topics.values.allSatisfy { $0.mesh.isSubset(of: router.peers.keys) }, "seed \(seed)")
        #expect(router.events.isEmpty && router.blamed.isEmpty, "seed \(seed)")
    }
}
