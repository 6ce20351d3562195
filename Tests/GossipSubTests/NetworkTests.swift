import Testing
import Timeline
import WeftTestKit

@testable import GossipSub

@Suite("Networks of routers")
struct NetworkTests {
    private static let sizes = [3, 4, 5, 8, 13, 20, 30]

    private func expectAllOnce(_ network: TestNetwork, publishers: [Int], seed: UInt64) {
        for node in network.routers.indices {
            let expected = publishers.count { $0 != node }
            #expect(network.deliveries[node].count == expected, "node \(node) seed \(seed)")
            #expect(network.deliveries[node].values.allSatisfy { $0 == 1 }, "node \(node) seed \(seed)")
        }
    }

    @Test("every message reaches every node once", arguments: sizes, [unsigned, signed, validated])
    func deliversOnce(count: Int, policy: TopicPolicy) throws {
        let seed = testSeed("deliversOnce")
        var network = try TestNetwork(count: count, seed: seed, policy: policy)
        network.connectRandomly(chords: count)
        network.run(.seconds(3))
        var publishers: [Int] = []
        for number in 0..<20 {
            publishers.append(Int.random(in: 0..<count, using: &network.generator))
            network.publish("message \(number)", at: publishers[number])
            network.run(.milliseconds(Int.random(in: 0...300, using: &network.generator)))
        }
        network.run(.seconds(8))
        expectAllOnce(network, publishers: publishers, seed: seed)
        #expect(network.drops.isEmpty, "seed \(seed)")
    }

    @Test("two nodes speak as soon as they met")
    func pairAtOnce() throws {
        var network = try TestNetwork(count: 2, seed: 1, policy: unsigned)
        network.connect(0, 1)
        network.run(.milliseconds(400))
        #expect(network.routers.allSatisfy { $0.topics[topic]?.mesh.count == 1 })
        network.publish("hello", at: 0)
        network.run(.milliseconds(100))
        #expect(network.deliveries[1].count == 1)
    }

    @Test("the network heals after links and nodes went away", arguments: [8, 16, 30])
    func heals(count: Int) throws {
        let seed = testSeed("heals")
        var network = try TestNetwork(count: count, seed: seed, policy: unsigned)
        network.connectRandomly(chords: 2 * count)
        network.run(.seconds(3))
        var publishers: [Int] = []
        for round in 0..<6 {
            // The ring stays, so the network stays connected.
            let chords = network.linkedPairs.filter { ($0.1 - $0.0) % (count - 1) > 1 }.shuffled(using: &network.generator)
            let cut = Array(chords.prefix(count / 2))
            for (first, second) in cut { network.disconnect(first, second) }
            network.run(.seconds(2))
            publishers.append(Int.random(in: 0..<count, using: &network.generator))
            network.publish("round \(round)", at: publishers[round])
            network.run(.seconds(2))
            for (first, second) in cut { network.connect(first, second) }
        }
        network.run(.seconds(8))
        expectAllOnce(network, publishers: publishers, seed: seed)
    }

    @Test("a message published around a reconnection is not lost")
    func reconnection() throws {
        var network = try TestNetwork(count: 2, seed: 3, policy: unsigned)
        network.connect(0, 1)
        network.run(.seconds(1))
        network.disconnect(0, 1)
        network.publish("while apart", at: 0)
        network.connect(0, 1)
        network.run(.seconds(3))
        #expect(network.deliveries[1].count == 1)
    }

    @Test("gossip recovers what is lost on the way", arguments: [unsigned, signed])
    func recovers(policy: TopicPolicy) throws {
        let seed = testSeed("recovers")
        var network = try TestNetwork(count: 30, seed: seed, policy: policy)
        network.connectAll()
        network.run(.seconds(4))
        network.lossRate = 0.6
        let publishers = Array(0..<10)
        for publisher in publishers {
            network.publish("from \(publisher)", at: publisher)
            network.run(.milliseconds(200))
        }
        network.run(.seconds(10))
        expectAllOnce(network, publishers: publishers, seed: seed)
        #expect(network.requests > 0, "seed \(seed)")
    }

    @Test("a network at rest does not wake up", arguments: [2, 5, 30])
    func quiescence(count: Int) throws {
        let seed = testSeed("quiescence")
        var network = try TestNetwork(count: count, seed: seed, policy: signed)
        if count <= 5 { network.connectAll() } else { network.connectRandomly(chords: count) }
        network.run(.seconds(10))
        #expect(network.routers.allSatisfy { $0.nextDeadline == nil })
        for node in 0..<count { network.publish("from \(node)", at: node) }
        network.run(.seconds(10))
        #expect(network.routers.allSatisfy { $0.nextDeadline == nil }, "seed \(seed)")
        let wakeUps = network.wakeUps
        network.run(.seconds(3_600))
        #expect(network.wakeUps == wakeUps)
    }

    @Test("where everybody is connected to everybody, only ended back-offs wake anybody up")
    func crowdedQuiescence() throws {
        let seed = testSeed("crowdedQuiescence")
        var network = try TestNetwork(count: 30, seed: seed, policy: unsigned)
        network.connectAll()
        network.run(.seconds(5))
        network.publish("hello", at: 0)
        network.run(.seconds(10))
        let now = network.now
        #expect(network.routers.allSatisfy { $0.nextDeadline.map { $0 > now + .seconds(30) } ?? true }, "seed \(seed)")
        for router in network.routers { #expect((5...12).contains(router.topics[topic]?.mesh.count ?? 0), "seed \(seed)") }
        #expect(!network.drops.contains(.graftDuringBackoff), "seed \(seed)")
        let wakeUps = network.wakeUps
        network.run(.seconds(620))
        #expect(network.wakeUps - wakeUps <= 30 * 10, "at most one in each back-off; seed \(seed)")
    }

    @Test("who finds no room in the mesh of the one peer that it knows finds others by it")
    func peerExchange() throws {
        let seed = testSeed("peerExchange")
        var configuration = GossipSubConfiguration()
        configuration.exchangesPeers = true
        var network = try TestNetwork(count: 20, seed: seed, policy: signed, configuration: configuration)
        for node in 1..<20 { network.connect(node, 0) }
        network.run(.seconds(10))
        for (node, router) in network.routers.enumerated() {
            #expect((router.topics[topic]?.mesh.count ?? 0) > 0, "node \(node) seed \(seed)")
        }
        #expect(network.linkedPairs.contains { $0.0 != 0 }, "seed \(seed)")
        let strangers = (1..<20).filter { network.routers[0].topics[topic]?.mesh.contains(network.routers[$0].identity.peerID) == false }
        #expect(!strangers.isEmpty, "seed \(seed)")
        for node in 1..<20 { network.disconnect(node, 0) }
        network.publish("without the one that all knew", at: strangers.first ?? 1)
        network.run(.seconds(5))
        for node in strangers.dropFirst() { #expect(network.deliveries[node].count == 1, "node \(node) seed \(seed)") }
    }

    @Test("who sends what is badly signed is soon heard by nobody, and costs nothing more; the others go on, and rest")
    func spammer() throws {
        let seed = testSeed("spammer")
        var configuration = GossipSubConfiguration()
        configuration.scoring = try Scoring(ScoreParameters(topics: [topic: TopicScoreParameters()]))
        var network = try TestNetwork(count: 20, seed: seed, policy: signed, configuration: configuration)
        network.connectRandomly(chords: 40)
        network.run(.seconds(5))
        let spammer = network.routers[0].identity.peerID
        let victims = network.linkedPairs.filter { $0.0 == 0 }.map(\.1)
        for number in UInt64(1)...10 {
            var bytes = try MessageSigning.signed(topic, [1], sequence: number, by: identity(0)).bytes
            bytes[bytes.count - 1] ^= 1
            for node in victims { network.handle(.received(from: spammer, frame(messages: [bytes])), at: node) }
        }
        // Three are worth -90.
        #expect(network.drops.count { $0 == .invalidSignature } == 3 * victims.count, "seed \(seed)")
        #expect(network.drops.count { $0 == .graylisted } == 7 * victims.count, "seed \(seed)")
        network.run(.seconds(5))
        for node in victims { #expect(network.routers[node].topics[topic]?.mesh.contains(spammer) == false, "seed \(seed)") }
        network.publish("even if it is a good one", at: 0)
        network.publish("from the others", at: victims[0])
        network.run(.seconds(8))
        for node in 1..<20 {
            #expect(network.deliveries[node].count == (node == victims[0] ? 0 : 1), "node \(node) seed \(seed)")
        }
        let wakeUps = network.wakeUps
        network.run(.seconds(3_600))
        // The spammer alone still hopes for a mesh, once in each back-off.
        #expect(network.wakeUps - wakeUps <= 60, "seed \(seed)")
        for node in 1..<20 where !victims.contains(node) { #expect(network.routers[node].nextDeadline == nil, "seed \(seed)") }
    }

    @Test("a network with scores at rest does not wake up")
    func quiescenceWithScores() throws {
        let seed = testSeed("quiescenceWithScores")
        var (all, one) = (ScoreParameters(topics: [:]), TopicScoreParameters())
        (one.meshDeliveriesWeight, one.meshFailureWeight, all.colocationWeight) = (-1, -1, -1)
        one.timeInMeshWeight = 10
        all.topics = [topic: one]
        var configuration = GossipSubConfiguration()
        configuration.scoring = try Scoring(all)
        var network = try TestNetwork(count: 5, seed: seed, policy: signed, configuration: configuration)
        network.connectAll()
        network.run(.seconds(10))
        for node in 0..<5 { network.publish("from \(node)", at: node) }
        network.run(.seconds(10))
        #expect(network.routers.allSatisfy { $0.nextDeadline == nil }, "seed \(seed)")
        let wakeUps = network.wakeUps
        network.run(.seconds(3_600))
        #expect(network.wakeUps == wakeUps, "seed \(seed)")
    }

    @Test("a run can be replayed from its seed")
    func replay() throws {
        let seed = testSeed("replay")
        let traces = try (0..<2).map { _ in
            var network = try TestNetwork(count: 12, seed: seed, policy: unsigned)
            network.connectAll()
            network.lossRate = 0.3
            for node in 0..<12 {
                network.publish("from \(node)", at: node)
                network.run(.milliseconds(150))
            }
            network.run(.seconds(8))
            return network.trace
        }
        print("replay: trace \(traces[0])")
        #expect(traces[0] == traces[1])
    }
}
