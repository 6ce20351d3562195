import Multiformats
import Timeline

/// What follows from what happened: whom to dial now, and when to look again.
extension PeeringPlanner {
    /// When there may be something to do; `nil` when all members are connected, or nothing can be dialled before a dial has ended.
    package var nextDeadline: Instant? {
        earliest(earliest(earliest(nextJoin, nextIntroduction), healAt), nextTrim)
    }

    private var nextJoin: Instant? {
        guard isCrowded else { return room > 0 ? order.lazy.filter(isWaiting).compactMap { candidates[$0]?.notBefore }.min() : nil }
        guard room > 0 else { return !isBelowTarget && overview.isOutOfDate && !overview.isAnyoneWaiting ? overview.restsUntil : nil }
        return overview.isOutOfDate ? overview.restsUntil : overview.nextRetry.map { max($0, overview.restsUntil) }
    }

    private var isCrowded: Bool { order.count > configuration.crowd }

    /// Looks at all candidates of a crowd, unless it rests.
    ///
    /// - Returns: those who may be dialled now; `nil` while it rests.
    private mutating func lookAround(_ now: Instant) -> [Target]? {
        guard overview.restsUntil <= now else { return nil }
        var due: [Target] = []
        overview = PeeringOverview(restsUntil: now + configuration.restPerCandidate * order.count, isOutOfDate: false)
        for target in order where isWaiting(target) {
            guard let notBefore = candidates[target]?.notBefore else { continue }
            overview.isAnyoneWaiting = true
            if overview.witness == nil { overview.witness = target }
            overview.nextRetry = earliest(overview.nextRetry, notBefore)
            if notBefore <= now { due.append(target) }
        }
        return due
    }

    private mutating func isAnyoneWaiting(_ now: Instant) -> Bool {
        guard isCrowded else { return order.contains(where: isWaiting) }
        if overview.isOutOfDate, !(overview.witness.map(isWaiting) ?? false) { _ = lookAround(now) }
        return overview.isAnyoneWaiting
    }

    private var isBelowTarget: Bool { connected.count < configuration.targetConnections }

    /// How many dials may begin now to come up to the target.
    private var room: Int {
        max(0, min(configuration.targetConnections - connected.count, configuration.maximumInFlight) - inFlight.count)
    }

    /// Whether it could be dialled now or later to have one more connection: hosts only while nobody is connected, for whom one would
    /// be connected to is not known.
    private func isWaiting(_ target: Target) -> Bool {
        guard !inFlight.contains(target), candidates[target]?.addresses.isEmpty == false else { return false }
        switch target {
        case .peer(let peer): return connected[peer] == nil
        case .host: return connected.isEmpty
        }
    }

    mutating func dials(_ now: Instant) -> [Action] {
        begin(checks()) + begin(introductions(now)) + begin(joins(now)) + begin(heal(now))
    }

    private mutating func begin(_ targets: [Target]) -> [Action] {
        inFlight.formUnion(targets)
        return targets.compactMap { target in candidates[target].map { .dial(target, $0.addresses) } }
    }

    /// Whoever's connection broke is dialled at once, however many connections stand: it is not about him as a partner but about
    /// whether he is there.
    private func checks() -> [Target] {
        guard !suspects.isEmpty else { return [] }
        let waiting = suspects.lazy.map(Target.peer).filter(isWaiting)
        return Array(waiting.prefix(freeSlots))
    }

    private var freeSlots: Int { max(0, configuration.maximumInFlight - inFlight.count) }

    /// Hosts that the user named, and peers that a token names, are tried until each has answered once, whoever is connected: behind one
    /// of them may be members whom nobody else here has heard of.
    private func introductions(_ now: Instant) -> [Target] {
        let due = unmet.lazy.filter { target in
            !inFlight.contains(target) && candidates[target].map { $0.notBefore <= now } ?? false
        }
        return Array(due.prefix(freeSlots))
    }

    private var nextIntroduction: Instant? {
        guard !unmet.isEmpty, freeSlots > 0 else { return nil }
        return unmet.lazy.filter { !inFlight.contains($0) }.compactMap { candidates[$0]?.notBefore }.min()
    }

    /// All candidates are looked at only when one of them can be chosen: a large mesh is learnt at a cost that grows with its size alone.
    private mutating func joins(_ now: Instant) -> [Target] {
        guard room > 0 else { return [] }
        let isDue = { (target: Target) in self.isWaiting(target) && self.candidates[target].map { $0.notBefore <= now } ?? false }
        guard var due = isCrowded ? lookAround(now) : order.filter(isDue) else { return [] }
        let count = min(room, due.count)
        for position in 0..<count { due.swapAt(position, Int.random(in: position..<due.count, using: &generator)) }
        return Array(due.prefix(count))
    }
}

// MARK: - Healing

extension PeeringPlanner {
    /// For how long a lost member is left alone: all nodes together try one about every `healSpacing`.
    var healInterval: Duration {
        min(max(configuration.healSpacing * order.count, configuration.minimumHealInterval), configuration.maximumHealInterval)
    }

    /// In a small mesh nobody else tries meanwhile. But the more are lost, the less often each is tried: all of them together cost as much
    /// as one. That a host has not answered matters less once others have.
    func longestRetryDelay(of target: Target) -> Duration {
        if isForJoining(target), !connected.isEmpty {
            return min(configuration.introductionSpacing * max(unmet.count, 1), configuration.maximumRetryDelay)
        }
        guard healInterval < configuration.maximumRetryDelay else { return configuration.maximumRetryDelay }  // too many to count each time
        return min(healInterval * max(order.count(where: isLost), 1), configuration.maximumRetryDelay)
    }

    /// How soon the next one of these is tried.
    func healDelay(_ waiting: [Target]) -> Duration {
        // Whom we alone dialled in vain, as befalls many during a partition, is there again as a rule; nobody says so.
        if waiting.contains(where: { candidates[$0]?.isReportedUnreachable == true }) { return healInterval }
        guard waiting.contains(where: isLost) else { return configuration.maximumHealInterval }
        return min(healInterval * configuration.doubtFactor, configuration.maximumHealInterval)
    }

    private func isForJoining(_ target: Target) -> Bool {
        if case .host = target { true } else { unmet.contains(target) }
    }

    /// Somebody is lost.
    mutating func healSoon(within delay: Duration, _ now: Instant) {
        let soon = now + jittered(delay)
        healAt = healAt.map { min($0, soon) }
    }

    /// With enough connections, somebody who is not connected is tried now and then: he may live on the other side of a partition.
    private mutating func heal(_ now: Instant) -> [Target] {
        guard !isBelowTarget, isAnyoneWaiting(now) else {
            healAt = nil
            return []
        }
        guard let due = healAt else {
            healAt = now + jittered(healDelay(order.filter(isWaiting)))
            return []
        }
        guard due <= now else { return [] }
        let waiting = order.filter(isWaiting)
        let lost = waiting.filter(isLost)
        healAt = now + jittered(healDelay(waiting))
        guard inFlight.count < configuration.maximumInFlight else { return [] }
        return [(lost.isEmpty ? waiting : lost).randomElement(using: &generator)].compactMap(\.self)
    }

    private func isLost(_ target: Target) -> Bool { candidates[target]?.isLost ?? false }

    /// A quarter more or less, so nodes that failed together do not come back together.
    mutating func jittered(_ delay: Duration) -> Duration {
        delay * Double.random(in: 0.75...1.25, using: &generator)
    }
}

// MARK: - Too many

extension PeeringPlanner {
    /// When the oldest connection that others opened has stood for long enough to be given up.
    private var nextTrim: Instant? {
        guard connected.count > configuration.maximumConnections else { return nil }
        return connected.lazy.filter { !opened.contains($0.key) }.map(\.value).min().map { $0 + configuration.minimumStay }
    }

    /// A dial of ours has succeeded. What we opened before and can do without is given up, the oldest first: else each dial for the sake
    /// of healing would leave a connection, and the mesh would cost the more the older it is.
    mutating func giveUpOpened(_ now: Instant, _ actions: inout [Action]) {
        var standing = connected.count
        while opened.count > 1, let oldest = opened.first, isDispensable(oldest, of: standing, now) {
            actions.append(.disconnect(opened.removeFirst()))
            standing -= 1
        }
    }

    private func isDispensable(_ oldest: PeerID, of standing: Int, _ now: Instant) -> Bool {
        guard opened.count <= configuration.maximumOpened, let since = connected[oldest] else { return true }
        return standing > configuration.targetConnections && since + configuration.minimumTenure <= now
    }

    /// Many nodes that join by one at the same time all stay connected to it: once they know others, they can do without.
    mutating func trim(_ now: Instant, _ actions: inout [Action]) {
        let surplus = connected.count - configuration.maximumConnections
        guard surplus > 0, let due = nextTrim, due <= now else { return }
        let old = connected.filter { !opened.contains($0.key) && $0.value + configuration.minimumStay <= now }
        let oldest = old.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.prefix(surplus)
        actions += oldest.map { .disconnect($0.key) }
        for peer in oldest { connected[peer.key] = nil }
    }
}
