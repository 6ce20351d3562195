import Timeline

/// What one peer has done in one topic. Source: gossipsub-v1.1.md, "Topic Parameter Calculation and Decay".
struct TopicScore: Hashable, Sendable {
    /// Since when the peer is in our mesh; nil: it is not.
    private var inMeshSince: Instant?
    private var firstDeliveries = DecayingCounter()
    private var meshDeliveries = DecayingCounter()
    private var meshFailures = DecayingCounter()
    private var invalidDeliveries = DecayingCounter()

    /// The topic's share of the peer's score, its weight included.
    func value(_ parameters: TopicScoreParameters, _ decay: Decay, now: Instant) -> Double {
        let tick = decay.tick(now)
        let deficit = deficit(parameters, decay, now: now)
        let invalid = invalidDeliveries.value(at: tick, parameters.invalidDeliveriesDecay, decay)
        var sum = parameters.timeInMeshWeight * timeInMesh(parameters, now: now)
        sum += parameters.firstDeliveriesWeight * firstDeliveries.value(at: tick, parameters.firstDeliveriesDecay, decay)
        sum += parameters.meshDeliveriesWeight * deficit * deficit
        sum += parameters.meshFailureWeight * meshFailures.value(at: tick, parameters.meshFailureDecay, decay)
        sum += parameters.invalidDeliveriesWeight * invalid * invalid
        return parameters.weight * sum
    }

    mutating func enterMesh(now: Instant) {
        if inMeshSince == nil { inMeshSince = now }
    }

    /// - Parameter isPunished: what the peer owes at this moment stays with it (P₃b); it is not when we leave the topic.
    mutating func leaveMesh(isPunished: Bool, _ parameters: TopicScoreParameters, _ decay: Decay, now: Instant) {
        let deficit = deficit(parameters, decay, now: now)
        inMeshSince = nil
        guard isPunished, deficit > 0 else { return }
        meshFailures.add(deficit * deficit, at: decay.tick(now), parameters.meshFailureDecay, decay)
    }

    mutating func deliveredFirst(_ parameters: TopicScoreParameters, _ decay: Decay, now: Instant) {
        firstDeliveries.add(1, upTo: parameters.firstDeliveriesCap, at: decay.tick(now), parameters.firstDeliveriesDecay, decay)
        deliveredInMesh(parameters, decay, now: now)
    }

    /// First, or shortly after the first. Counts for a peer of the mesh alone.
    mutating func deliveredInMesh(_ parameters: TopicScoreParameters, _ decay: Decay, now: Instant) {
        guard inMeshSince != nil else { return }
        meshDeliveries.add(1, upTo: parameters.meshDeliveriesCap, at: decay.tick(now), parameters.meshDeliveriesDecay, decay)
    }

    mutating func deliveredInvalid(_ parameters: TopicScoreParameters, _ decay: Decay, now: Instant) {
        invalidDeliveries.add(1, at: decay.tick(now), parameters.invalidDeliveriesDecay, decay)
    }

    /// The peer left: what speaks for it is forgotten, what speaks against it stands still until it comes back.
    mutating func depart(_ parameters: TopicScoreParameters, _ decay: Decay, now: Instant) {
        leaveMesh(isPunished: true, parameters, decay, now: now)
        firstDeliveries = DecayingCounter()
        meshDeliveries = DecayingCounter()
        meshFailures.settle(at: decay.tick(now), parameters.meshFailureDecay, decay)
        invalidDeliveries.settle(at: decay.tick(now), parameters.invalidDeliveriesDecay, decay)
    }

    mutating func comeBack(_ decay: Decay, now: Instant) {
        meshFailures.resume(at: decay.tick(now))
        invalidDeliveries.resume(at: decay.tick(now))
    }

    /// Whether nothing speaks against a peer that has left.
    var isClean: Bool { meshFailures.isZero && invalidDeliveries.isZero }

    /// P₁: whole quanta.
    private func timeInMesh(_ parameters: TopicScoreParameters, now: Instant) -> Double {
        guard let inMeshSince else { return 0 }
        let quanta = (now - inMeshSince).saturatedNanoseconds / max(1, parameters.timeInMeshQuantum.saturatedNanoseconds)
        return min(Double(quanta), parameters.timeInMeshCap)
    }

    /// What a peer of the mesh should have delivered and has not.
    private func deficit(_ parameters: TopicScoreParameters, _ decay: Decay, now: Instant) -> Double {
        guard let inMeshSince, now - inMeshSince > parameters.meshDeliveriesActivation else { return 0 }
        let delivered = meshDeliveries.value(at: decay.tick(now), parameters.meshDeliveriesDecay, decay)
        return max(0, parameters.meshDeliveriesThreshold - delivered)
    }
}
