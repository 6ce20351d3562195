import Testing
import Timeline

@testable import GossipSub

@Suite("Score parameters")
struct ScoringParameterTests {
    typealias Change = @Sendable (inout ScoreParameters, inout TopicScoreParameters, inout ScoreThresholds) -> Void

    private func scoring(_ change: Change) throws(ScoringError) -> Scoring {
        var (all, one, thresholds) = (ScoreParameters(topics: [:]), TopicScoreParameters(), ScoreThresholds())
        change(&all, &one, &thresholds)
        all.topics = [topic: one]
        return try Scoring(all, thresholds)
    }

    @Test("the defaults fit together")
    func defaults() throws {
        _ = try scoring { _, _, _ in }
    }

    static let faults: [(String, ScoringError.Requirement, Change)] = [
        ("gossip", .negative, { $2.gossip = 0 }),
        ("gossip", .finite, { $2.gossip = -.infinity }),
        ("publish", .atMost("gossip"), { $2.publish = -9 }),
        ("graylist", .lessThan("publish"), { $2.graylist = -50 }),
        ("acceptPeerExchange", .notNegative, { $2.acceptPeerExchange = -1 }),
        ("opportunisticGraft", .finite, { $2.opportunisticGraft = .nan }),
        (
            "topicCap", .notNegative,
            {
                $0.topicCap = -1; _ = ($1, $2)
            }
        ),
        (
            "applicationWeight", .notNegative,
            {
                $0.applicationWeight = -1; _ = ($1, $2)
            }
        ),
        (
            "colocationWeight", .notPositive,
            {
                $0.colocationWeight = 1; _ = ($1, $2)
            }
        ),
        (
            "colocationThreshold", .atLeast("1"),
            {
                $0.colocationThreshold = 0; _ = ($1, $2)
            }
        ),
        (
            "behaviourWeight", .notPositive,
            {
                $0.behaviourWeight = 1; _ = ($1, $2)
            }
        ),
        (
            "behaviourThreshold", .notNegative,
            {
                $0.behaviourThreshold = -1; _ = ($1, $2)
            }
        ),
        (
            "behaviourDecay", .fraction,
            {
                $0.behaviourDecay = 1; _ = ($1, $2)
            }
        ),
        (
            "decayInterval", .positive,
            {
                $0.decayInterval = .zero; _ = ($1, $2)
            }
        ),
        (
            "decayToZero", .fraction,
            {
                $0.decayToZero = 0; _ = ($1, $2)
            }
        ),
        (
            "retention", .notNegative,
            {
                $0.retention = .seconds(-1); _ = ($1, $2)
            }
        ),
    ]

    static let topicFaults: [(String, ScoringError.Requirement, Change)] = [
        (
            "weight", .notNegative,
            {
                $1.weight = -1; _ = $2
            }
        ),
        (
            "timeInMeshWeight", .notNegative,
            {
                $1.timeInMeshWeight = -1; _ = $2
            }
        ),
        (
            "timeInMeshQuantum", .positive,
            {
                $1.timeInMeshQuantum = .zero; _ = $2
            }
        ),
        (
            "timeInMeshCap", .notNegative,
            {
                $1.timeInMeshCap = -1; _ = $2
            }
        ),
        (
            "firstDeliveriesWeight", .finite,
            {
                $1.firstDeliveriesWeight = .nan; _ = $2
            }
        ),
        (
            "firstDeliveriesDecay", .fraction,
            {
                $1.firstDeliveriesDecay = 0; _ = $2
            }
        ),
        (
            "firstDeliveriesCap", .positive,
            {
                $1.firstDeliveriesCap = 0; _ = $2
            }
        ),
        (
            "meshDeliveriesWeight", .notPositive,
            {
                $1.meshDeliveriesWeight = 1; _ = $2
            }
        ),
        (
            "meshDeliveriesDecay", .fraction,
            {
                $1.meshDeliveriesDecay = 2; _ = $2
            }
        ),
        (
            "meshDeliveriesThreshold", .positive,
            {
                $1.meshDeliveriesThreshold = 0; _ = $2
            }
        ),
        (
            "meshDeliveriesCap", .atLeast("meshDeliveriesThreshold"),
            {
                $1.meshDeliveriesCap = 4; _ = $2
            }
        ),
        (
            "meshDeliveriesActivation", .notNegative,
            {
                $1.meshDeliveriesActivation = .seconds(-1); _ = $2
            }
        ),
        (
            "meshDeliveriesWindow", .notNegative,
            {
                $1.meshDeliveriesWindow = .seconds(-1); _ = $2
            }
        ),
        (
            "meshFailureWeight", .notPositive,
            {
                $1.meshFailureWeight = 1; _ = $2
            }
        ),
        (
            "meshFailureDecay", .fraction,
            {
                $1.meshFailureDecay = .nan; _ = $2
            }
        ),
        (
            "invalidDeliveriesWeight", .notPositive,
            {
                $1.invalidDeliveriesWeight = 1; _ = $2
            }
        ),
        (
            "invalidDeliveriesDecay", .fraction,
            {
                $1.invalidDeliveriesDecay = -1; _ = $2
            }
        ),
    ]

    @Test("what does not fit is told by its name")
    func refused() {
        for (name, requirement, change) in Self.faults {
            #expect(throws: ScoringError(topic: nil, parameter: name, requirement: requirement)) { try scoring(change) }
        }
        for (name, requirement, change) in Self.topicFaults {
            #expect(throws: ScoringError(topic: topic, parameter: name, requirement: requirement)) { try scoring(change) }
        }
    }

    @Test("in words")
    func words() {
        let one = ScoringError(topic: topic, parameter: "meshDeliveriesCap", requirement: .atLeast("meshDeliveriesThreshold"))
        #expect("\(one)" == "scoring: meshDeliveriesCap of topic \"weft/test\" must be at least meshDeliveriesThreshold")
        let all = ScoringError(topic: nil, parameter: "behaviourDecay", requirement: .fraction)
        #expect("\(all)" == "scoring: behaviourDecay must be above 0 and below 1")
    }
}
