import Timeline

/// How a router judges its peers: parameters that were checked. There is none that does not fit together.
package struct Scoring: Hashable, Sendable {
    package let parameters: ScoreParameters
    package let thresholds: ScoreThresholds

    package init(_ parameters: ScoreParameters, _ thresholds: ScoreThresholds = ScoreThresholds()) throws(ScoringError) {
        try thresholds.check()
        try parameters.check()
        for topic in parameters.topics.keys.sorted() { try parameters.topics[topic]?.check(topic) }
        self.parameters = parameters
        self.thresholds = thresholds
    }

    var decay: Decay { Decay(interval: parameters.decayInterval, zero: parameters.decayToZero) }
}

/// Why scoring cannot be configured like this.
package struct ScoringError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Requirement: Hashable, Sendable {
        case finite
        case positive
        case negative
        case notPositive
        case notNegative
        /// Above 0 and below 1, so that what it multiplies shrinks and does not vanish.
        case fraction
        /// Not more than another parameter.
        case atMost(String)
        case lessThan(String)
        case atLeast(String)
    }

    /// Of a topic's parameters; nil: of those for all.
    package let topic: Topic?
    /// As it is named in `ScoreParameters`, `TopicScoreParameters` or `ScoreThresholds`.
    package let parameter: String
    package let requirement: Requirement

    package var description: String {
        let place = topic.map { " of topic \"\($0.name)\"" } ?? ""
        return "scoring: \(parameter)\(place) must be \(requirement.description)"
    }
}

extension ScoringError.Requirement: CustomStringConvertible {
    package var description: String {
        switch self {
        case .finite: "a finite number"
        case .positive: "positive"
        case .negative: "negative"
        case .notPositive: "zero or negative"
        case .notNegative: "zero or positive"
        case .fraction: "above 0 and below 1"
        case .atMost(let other): "at most \(other)"
        case .lessThan(let other): "less than \(other)"
        case .atLeast(let other): "at least \(other)"
        }
    }
}

/// Checks parameters of one group, one after the other. Comparisons with what is no number are false, so that never passes.
private struct Check {
    var topic: Topic?

    func demand(_ holds: Bool, _ parameter: String, _ requirement: ScoringError.Requirement) throws(ScoringError) {
        guard holds else { throw ScoringError(topic: topic, parameter: parameter, requirement: requirement) }
    }

    func finite(_ value: Double, _ name: String) throws(ScoringError) { try demand(value.isFinite, name, .finite) }

    func notNegative(_ value: Double, _ name: String) throws(ScoringError) {
        try finite(value, name)
        try demand(value >= 0, name, .notNegative)
    }

    func notPositive(_ value: Double, _ name: String) throws(ScoringError) {
        try finite(value, name)
        try demand(value <= 0, name, .notPositive)
    }

    func positive(_ value: Double, _ name: String) throws(ScoringError) {
        try finite(value, name)
        try demand(value > 0, name, .positive)
    }

    func positive(_ value: Duration, _ name: String) throws(ScoringError) { try demand(value > .zero, name, .positive) }

    func notNegative(_ value: Duration, _ name: String) throws(ScoringError) { try demand(value >= .zero, name, .notNegative) }

    func fraction(_ value: Double, _ name: String) throws(ScoringError) { try demand(value > 0 && value < 1, name, .fraction) }
}

extension ScoreThresholds {
    fileprivate func check() throws(ScoringError) {
        let check = Check()
        for (value, name) in [(gossip, "gossip"), (publish, "publish"), (graylist, "graylist")] { try check.finite(value, name) }
        try check.demand(gossip < 0, "gossip", .negative)
        try check.demand(publish <= gossip, "publish", .atMost("gossip"))
        try check.demand(graylist < publish, "graylist", .lessThan("publish"))
        try check.notNegative(acceptPeerExchange, "acceptPeerExchange")
        try check.notNegative(opportunisticGraft, "opportunisticGraft")
    }
}

extension ScoreParameters {
    fileprivate func check() throws(ScoringError) {
        let check = Check()
        try check.notNegative(topicCap, "topicCap")
        try check.notNegative(applicationWeight, "applicationWeight")
        try check.notPositive(colocationWeight, "colocationWeight")
        try check.demand(colocationThreshold >= 1, "colocationThreshold", .atLeast("1"))
        try check.notPositive(behaviourWeight, "behaviourWeight")
        try check.notNegative(behaviourThreshold, "behaviourThreshold")
        try check.fraction(behaviourDecay, "behaviourDecay")
        try check.positive(decayInterval, "decayInterval")
        try check.fraction(decayToZero, "decayToZero")
        try check.notNegative(retention, "retention")
    }
}

extension TopicScoreParameters {
    fileprivate func check(_ topic: Topic) throws(ScoringError) {
        let check = Check(topic: topic)
        try check.notNegative(weight, "weight")
        try check.notNegative(timeInMeshWeight, "timeInMeshWeight")
        try check.positive(timeInMeshQuantum, "timeInMeshQuantum")
        try check.notNegative(timeInMeshCap, "timeInMeshCap")
        try check.notNegative(firstDeliveriesWeight, "firstDeliveriesWeight")
        try check.fraction(firstDeliveriesDecay, "firstDeliveriesDecay")
        try check.positive(firstDeliveriesCap, "firstDeliveriesCap")
        try checkMeshDeliveries(check)
        try check.notPositive(invalidDeliveriesWeight, "invalidDeliveriesWeight")
        try check.fraction(invalidDeliveriesDecay, "invalidDeliveriesDecay")
    }

    private func checkMeshDeliveries(_ check: Check) throws(ScoringError) {
        try check.notPositive(meshDeliveriesWeight, "meshDeliveriesWeight")
        try check.fraction(meshDeliveriesDecay, "meshDeliveriesDecay")
        try check.positive(meshDeliveriesThreshold, "meshDeliveriesThreshold")
        try check.positive(meshDeliveriesCap, "meshDeliveriesCap")
        try check.demand(
            meshDeliveriesCap >= meshDeliveriesThreshold, "meshDeliveriesCap", .atLeast("meshDeliveriesThreshold"))
        try check.notNegative(meshDeliveriesActivation, "meshDeliveriesActivation")
        try check.notNegative(meshDeliveriesWindow, "meshDeliveriesWindow")
        try check.notPositive(meshFailureWeight, "meshFailureWeight")
        try check.fraction(meshFailureDecay, "meshFailureDecay")
    }
}
