import Multiformats
import Testing
import Timeline
import WeftTestKit

@testable import GossipSub

@Suite("Hostile frames")
struct FuzzTests {
    /// All that a peer can reach is on. Two faults in a moment are enough for the graylist, and are forgotten a moment later.
    private static let configuration = {
        var configuration = GossipSubConfiguration()
        configuration.exchangesPeers = true
        configuration.maximumPeerRecordBytes = 400
        configuration.maximumRetainedScores = 5
        configuration.maximumDeliveryOutcomes = 10
        var (all, one) = (ScoreParameters(topics: [:]), TopicScoreParameters())
        (all.behaviourWeight, all.behaviourDecay, one.invalidDeliveriesWeight, one.invalidDeliveriesDecay) = (-0.5, 0.5, -0.5, 0.5)
        (one.meshDeliveriesWeight, one.meshFailureWeight) = (-0.1, -0.1)
        all.topics = [topic: one, Topic("signed"): one]
        all.decayInterval = .milliseconds(100)
        var thresholds = ScoreThresholds()
        (thresholds.gossip, thresholds.publish, thresholds.graylist) = (-0.3, -0.6, -1)
        configuration.scoring = try? Scoring(all, thresholds)
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
            frame(control: [
                .prune(topic, backoffSeconds: 30, suggestions: [try suggestion(50), PeerSuggestion(peer: try peerID(51), record: nil)]),
                .prune(Topic("signed"), backoffSeconds: nil, suggestions: [try suggestion(52)]),
            ]),
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
        var (delivered, suggested, graylisted) = (0, 0, 0)
        #expect(Self.configuration.scoring != nil)
        for round in 0..<100_000 {
            let peer = peers[Int.random(in: 0..<peers.count, using: &generator)]
            bench.now = bench.now + .milliseconds(Int.random(in: 0...20, using: &generator))
            switch Int.random(in: 0..<50, using: &generator) {
            case 0: _ = bench(.peerDisconnected(peer))
            case 1:
                let version = PeerVersion.allCases.randomElement(using: &generator) ?? .v1_1
                _ = bench(.peerConnected(peer, version, isOutbound: round % 3 == 0))
            case 2: _ = bench(.deadlineReached)
            case 3: _ = bench(.certified(peer, signedPeerRecord: generator.mutated(try sealedRecord(1 + round % 16), among: corpus)))
            default:
                let valid = corpus[Int.random(in: 0..<corpus.count, using: &generator)]
                let actions = bench(.received(from: peer, generator.mutated(valid, among: corpus)))
                delivered += actions.delivered.count
                suggested += actions.suggested.count
                graylisted += actions.dropReasons.count { $0 == .graylisted }
            }
            if round % 500 == 0 { expectBounded(bench.router, seed) }
        }
        expectBounded(bench.router, seed)
        #expect(delivered > 0 && suggested > 0 && graylisted > 0, "the fuzzer reached the end of each path; seed \(seed)")
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
        #expect(router.records.count <= limits.maximumPeers, "seed \(seed)")
        #expect(router.scores.map { $0.retainedCount <= limits.maximumRetainedScores } == true, "seed \(seed)")
        #expect(router.scores.map { $0.outcomeCount <= limits.maximumDeliveryOutcomes } == true, "seed \(seed)")
        #expect(router.peers.keys.allSatisfy { router.score(of: $0, now: .origin + .seconds(10_000)).isFinite }, "seed \(seed)")
        #expect(router.topics.count == 3 && router.fanout.isEmpty, "seed \(seed)")
        #expect(router.topics.values.allSatisfy { $0.mesh.isSubset(of: router.peers.keys) }, "seed \(seed)")
        #expect(router.events.isEmpty && router.blamed.isEmpty, "seed \(seed)")
    }
}
