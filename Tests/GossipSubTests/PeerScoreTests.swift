import Testing
import Timeline
import WeftTestKit

@testable import GossipSub

/// Numbers worked out by hand from the specification's formulas, with factors of one half: all of them are exact.
@Suite("Peer score")
struct PeerScoreTests {
    private let start = Instant.origin + .seconds(1_000)

    private func at(_ seconds: Int) -> Instant { start + .seconds(seconds) }

    private func scoring(_ change: (inout ScoreParameters, inout TopicScoreParameters) -> Void) throws -> Scoring {
        var (all, one) = (ScoreParameters(topics: [:]), TopicScoreParameters.silent)
        all.behaviourDecay = 0.5
        change(&all, &one)
        all.topics = [topic: one]
        return try Scoring(all)
    }

    @Test("P₁: whole quanta in the mesh, up to the cap, and nothing outside it")
    func timeInMesh() throws {
        let scoring = try scoring {
            ($1.timeInMeshWeight, $1.timeInMeshQuantum, $1.timeInMeshCap) = (0.5, .seconds(10), 3)
        }
        var score = PeerScore()
        score.enterMesh(topic, scoring, now: start)
        let values = [0, 9, 10, 25, 100].map { score.value(scoring, neighbours: 0, now: at($0)) }
        #expect(values == [0, 0, 0.5, 1, 1.5])
        score.enterMesh(topic, scoring, now: at(50))
        #expect(score.value(scoring, neighbours: 0, now: at(100)) == 1.5, "it was in the mesh all the time")
        score.leaveMesh(topic, isPunished: true, scoring, now: at(100))
        #expect(score.value(scoring, neighbours: 0, now: at(100)) == 0)
    }

    @Test("P₂: first deliveries up to the cap, halved each second, then nothing")
    func firstDeliveries() throws {
        let scoring = try scoring {
            ($1.firstDeliveriesWeight, $1.firstDeliveriesDecay, $1.firstDeliveriesCap) = (2, 0.5, 3)
        }
        var score = PeerScore()
        for _ in 0..<5 { score.deliveredFirst(topic, scoring, now: start) }
        // 3 / 2⁸ is 0.0117, 3 / 2⁹ is 0.0059: below 0.01.
        #expect([0, 1, 2, 8, 9, 1_000_000].map { score.value(scoring, neighbours: 0, now: at($0)) } == [6, 3, 1.5, 6.0 / 256, 0, 0])
        score.deliveredFirst(topic, scoring, now: at(1))
        #expect(score.value(scoring, neighbours: 0, now: at(1)) == 5, "1.5 and 1, twice")
    }

    @Test("P₃: the square of what is missing in the mesh, from the activation on; P₃b keeps it for later")
    func meshDeliveries() throws {
        let scoring = try scoring {
            ($1.meshDeliveriesWeight, $1.meshDeliveriesDecay, $1.meshDeliveriesThreshold, $1.meshDeliveriesCap) = (-1, 0.5, 4, 6)
            $1.meshDeliveriesActivation = .seconds(10)
            ($1.meshFailureWeight, $1.meshFailureDecay) = (-0.5, 0.5)
        }
        var score = PeerScore()
        score.deliveredInMesh(topic, scoring, now: start)
        score.enterMesh(topic, scoring, now: start)
        #expect(score.value(scoring, neighbours: 0, now: at(10)) == 0, "not active yet")
        #expect(score.value(scoring, neighbours: 0, now: at(11)) == -16, "4², and what it delivered before does not count")
        for _ in 0..<2 { score.deliveredInMesh(topic, scoring, now: at(20)) }
        #expect(score.value(scoring, neighbours: 0, now: at(20)) == -4)
        for _ in 0..<9 { score.deliveredInMesh(topic, scoring, now: at(20)) }
        #expect([20, 21, 22].map { score.value(scoring, neighbours: 0, now: at($0)) } == [0, -1, -6.25], "6, 3, 1.5 delivered")
        var left = score
        left.leaveMesh(topic, isPunished: false, scoring, now: at(21))
        #expect(left.value(scoring, neighbours: 0, now: at(21)) == 0, "we went")
        score.leaveMesh(topic, isPunished: true, scoring, now: at(22))
        #expect([22, 23, 24].map { score.value(scoring, neighbours: 0, now: at($0)) } == [-3.125, -1.5625, -0.78125])
    }

    @Test("P₄: the square of invalid messages")
    func invalidDeliveries() throws {
        let scoring = try scoring { ($1.invalidDeliveriesWeight, $1.invalidDeliveriesDecay) = (-3, 0.5) }
        var score = PeerScore()
        for _ in 0..<2 { score.deliveredInvalid(topic, scoring, now: start) }
        score.deliveredInvalid(Topic("another"), scoring, now: start)
        #expect([0, 1, 2].map { score.value(scoring, neighbours: 0, now: at($0)) } == [-12, -3, -0.75])
    }

    @Test("P₅, P₆ and P₇: the application's number, the square of the crowd, the square of misbehaviour beyond what is forgiven")
    func global() throws {
        let scoring = try scoring { all, _ in
            (all.applicationWeight, all.colocationWeight, all.colocationThreshold) = (0.25, -2, 2)
            (all.behaviourWeight, all.behaviourThreshold) = (-1, 1)
        }
        var score = PeerScore()
        score.application = -8
        #expect(score.value(scoring, neighbours: 2, now: start) == -2)
        #expect(score.value(scoring, neighbours: 5, now: start) == -20)
        score.application = 0
        score.misbehaved(3, scoring, now: start)
        #expect([0, 1, 2].map { score.value(scoring, neighbours: 0, now: at($0)) } == [-4, -0.25, 0])
    }

    @Test("topics are weighted, and capped together before the rest is added")
    func topicCap() throws {
        let scoring = try scoring { all, one in
            (one.weight, one.firstDeliveriesWeight, one.firstDeliveriesCap) = (0.5, 10, 100)
            all.topicCap = 12
        }
        var score = PeerScore()
        score.application = -1
        for _ in 0..<2 { score.deliveredFirst(topic, scoring, now: start) }
        #expect(score.value(scoring, neighbours: 0, now: start) == 9)
        for _ in 0..<2 { score.deliveredFirst(topic, scoring, now: start) }
        #expect(score.value(scoring, neighbours: 0, now: start) == 11)
    }

    @Test("who leaves keeps what speaks against it, at a standstill, and not what speaks for it")
    func departure() throws {
        let scoring = try scoring {
            ($1.invalidDeliveriesWeight, $1.invalidDeliveriesDecay, $1.firstDeliveriesWeight) = (-1, 0.5, 100)
            $0.behaviourWeight = -1
        }
        var score = PeerScore()
        score.deliveredFirst(topic, scoring, now: start)
        score.application = 1_000
        var clean = score
        clean.depart(scoring, now: start)
        #expect(clean.isClean)
        for _ in 0..<4 { score.deliveredInvalid(topic, scoring, now: start) }
        score.misbehaved(4, scoring, now: start)
        score.depart(scoring, now: at(1))
        #expect(!score.isClean)
        score.comeBack(scoring, now: at(500))
        #expect(score.value(scoring, neighbours: 0, now: at(500)) == -8, "2² twice, as when it left")
        #expect(score.value(scoring, neighbours: 0, now: at(501)) == -2)
    }

    @Test("a counter that is looked at late has the value of one that was multiplied in each interval")
    func lateDecay() throws {
        let seed = testSeed("lateDecay")
        var generator = SeededGenerator(seed: seed)
        let decay = Decay(interval: .seconds(1), zero: 0.01)
        for _ in 0..<200 {
            let factor = Double.random(in: 0.3..<0.999, using: &generator)
            let amount = Double.random(in: 0.5..<50, using: &generator)
            let steps = Int64.random(in: 0...200, using: &generator)
            var counter = DecayingCounter()
            counter.add(amount, at: 7, factor, decay)
            var slow = amount
            for _ in 0..<steps { slow = slow * factor < decay.zero ? 0 : slow * factor }
            let quick = counter.value(at: 7 + steps, factor, decay)
            #expect(abs(quick - slow) < 1e-9, "seed \(seed)")
        }
        var counter = DecayingCounter()
        counter.add(.greatestFiniteMagnitude, at: 0, 0.999_999, decay)
        #expect(counter.value(at: .max, 0.999_999, decay) == 0)
    }
}

extension TopicScoreParameters {
    /// All weights zero.
    static var silent: TopicScoreParameters {
        var parameters = TopicScoreParameters()
        (parameters.timeInMeshWeight, parameters.firstDeliveriesWeight, parameters.invalidDeliveriesWeight) = (0, 0, 0)
        return parameters
    }
}
