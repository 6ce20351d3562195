import Timeline

/// What one peer has done, and the number that comes of it. Source: gossipsub-v1.1.md, "The Score Function".
struct PeerScore: Hashable, Sendable {
    /// Only topics that are configured, so their number is not the peer's choice.
    private var topics: [Topic: TopicScore] = [:]
    private var misbehaviour = DecayingCounter()
    /// P₅, as the application says.
    var application = 0.0

    /// - Parameter neighbours: how many peers have this one's address, itself included.
    func value(_ scoring: Scoring, neighbours: Int, now: Instant) -> Double {
        let parameters = scoring.parameters
        var value = topicsValue(scoring, now: now)
        if parameters.topicCap > 0 { value = min(value, parameters.topicCap) }
        value += parameters.applicationWeight * application
        let surplus = Double(max(0, neighbours - parameters.colocationThreshold))
        value += parameters.colocationWeight * surplus * surplus
        let tick = scoring.decay.tick(now)
        let excess = max(0, misbehaviour.value(at: tick, parameters.behaviourDecay, scoring.decay) - parameters.behaviourThreshold)
        return value + parameters.behaviourWeight * excess * excess
    }

    mutating func enterMesh(_ topic: Topic, _ scoring: Scoring, now: Instant) {
        change(topic, scoring) { score, _ in score.enterMesh(now: now) }
    }

    /// See `TopicScore.leaveMesh`.
    mutating func leaveMesh(_ topic: Topic, isPunished: Bool, _ scoring: Scoring, now: Instant) {
        change(topic, scoring) { $0.leaveMesh(isPunished: isPunished, $1, scoring.decay, now: now) }
    }

    mutating func deliveredFirst(_ topic: Topic, _ scoring: Scoring, now: Instant) {
        change(topic, scoring) { $0.deliveredFirst($1, scoring.decay, now: now) }
    }

    mutating func deliveredInMesh(_ topic: Topic, _ scoring: Scoring, now: Instant) {
        change(topic, scoring) { $0.deliveredInMesh($1, scoring.decay, now: now) }
    }

    mutating func deliveredInvalid(_ topic: Topic, _ scoring: Scoring, now: Instant) {
        change(topic, scoring) { $0.deliveredInvalid($1, scoring.decay, now: now) }
    }

    /// P₇: it broke a rule so many times.
    mutating func misbehaved(_ times: Int, _ scoring: Scoring, now: Instant) {
        misbehaviour.add(Double(times), at: scoring.decay.tick(now), scoring.parameters.behaviourDecay, scoring.decay)
    }

    /// Counters stand still from now on.
    mutating func depart(_ scoring: Scoring, now: Instant) {
        for topic in topics.keys { change(topic, scoring) { $0.depart($1, scoring.decay, now: now) } }
        misbehaviour.settle(at: scoring.decay.tick(now), scoring.parameters.behaviourDecay, scoring.decay)
        application = 0
    }

    /// The peer is back, and its counters go on.
    mutating func comeBack(_ scoring: Scoring, now: Instant) {
        for topic in topics.keys { topics[topic]?.comeBack(scoring.decay, now: now) }
        misbehaviour.resume(at: scoring.decay.tick(now))
    }

    /// Whether nothing speaks against a peer that has left.
    var isClean: Bool { misbehaviour.isZero && topics.values.allSatisfy(\.isClean) }

    private func topicsValue(_ scoring: Scoring, now: Instant) -> Double {
        // In a fixed order, for a sum of such numbers depends on it.
        topics.sorted { $0.key < $1.key }.reduce(0) { sum, entry in
            sum + (scoring.parameters.topics[entry.key].map { entry.value.value($0, scoring.decay, now: now) } ?? 0)
        }
    }

    private mutating func change(_ topic: Topic, _ scoring: Scoring, _ body: (inout TopicScore, TopicScoreParameters) -> Void) {
        guard let parameters = scoring.parameters.topics[topic] else { return }
        body(&topics[topic, default: TopicScore()], parameters)
    }
}
