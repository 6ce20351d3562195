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
