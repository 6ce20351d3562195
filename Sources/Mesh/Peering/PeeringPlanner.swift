import Multiformats
import Timeline

/// Decides whom to dial, and when: few connections, random ones, and never giving up on anybody who is a member.
///
/// Dialling at random and for ever is what keeps the graph connected and heals partitions: each side remembers the other.
package struct PeeringPlanner<Generator: RandomNumberGenerator & Sendable>: Sendable {
    /// Whom to dial.
    package enum Target: Hashable, Sendable {
        case peer(PeerID)
        /// A host that the user named; who it is will be seen.
        case host(Multiaddr)
    }

    package enum Input: Sendable {
        /// A member and where it listens; replaces what was known. No addresses: it cannot be dialled.
        case member(PeerID, [Multiaddr])
        case forget(PeerID)
        /// A host to join by.
        case join(Multiaddr)
        case connected(PeerID)
        case disconnected(PeerID)
        case dialed(Target, connectedTo: PeerID)
        case dialFailed(Target)
        case deadlineReached
    }

    package enum Action: Hashable, Sendable {
        /// Try the addresses in order until one answers, then tell `dialed`, else `dialFailed`.
        case dial(Target, [Multiaddr])
        /// One connection that we opened is superfluous since a new one stands.
        case disconnect(PeerID)
    }

    /// Each way of dialling, and what became of it.
    private struct Candidate {
        var addresses: [Multiaddr]
        var failures = 0
        var notBefore: Instant
    }

    private let configuration: PeeringConfiguration
    private var candidates: [Target: Candidate] = [:]
    /// What is being dialled and has not been heard of yet.
    private var inFlight: Set<Target> = []
    private var connected: Set<PeerID> = []
    /// Connections that we opened, oldest first.
    private var opened: [PeerID] = []
    private var healAt: Instant?
    private var healInterval: Duration
    private var generator: Generator

    package init(configuration: PeeringConfiguration = PeeringConfiguration(), generator: Generator) {
        self.configuration = configuration
        self.generator = generator
        healInterval = configuration.minimumHealInterval
    }

    package mutating func handle(_ input: Input, now: Instant) -> [Action] {
        var actions: [Action] = []
        switch input {
        case .member(let peer, let addresses):
            learn(.peer(peer), addresses, now)
        case .forget(let peer):
            candidates[.peer(peer)] = nil
        case .join(let address):
            learn(.host(address), [address], now)
        case .connected(let peer):
            connected.insert(peer)
        case .disconnected(let peer):
            disconnected(peer, now)
        case .dialed(let target, let peer):
            dialed(target, peer, now, &actions)
        case .dialFailed(let target):
            dialFailed(target, now)
        case .deadlineReached:
            break
        }
        actions += dials(now)
        return actions
    }

    /// When there may be something to dial; `nil` when all members are connected, or nothing can be dialled before a dial has ended.
    package var nextDeadline: Instant? {
        let retry = room > 0 ? candidates.lazy.filter { isWaiting($0.key, $0.value) }.map(\.value.notBefore).min() : nil
        return earliest(retry, healAt)
    }

    // MARK: What happened

    private mutating func learn(_ target: Target, _ addresses: [Multiaddr], _ now: Instant) {
        let known = candidates[target]?.addresses
        guard known != addresses, candidates.count < configuration.maximumCandidates || known != nil else { return }
        candidates[target, default: Candidate(addresses: [], notBefore: now)].addresses = addresses
        candidates[target]?.failures = 0
        candidates[target]?.notBefore = now
    }

    private mutating func disconnected(_ peer: PeerID, _ now: Instant) {
        connected.remove(peer)
        opened.removeAll { $0 == peer }
        let retry = now + jittered(configuration.minimumRetryDelay)
        candidates[.peer(peer)]?.notBefore = retry
        healInterval = configuration.minimumHealInterval
        healAt = nil
    }

    /// The connection is told of by `connected`, and may have ended already: then it is not one that we opened any more.
    private mutating func dialed(_ target: Target, _ peer: PeerID, _ now: Instant, _ actions: inout [Action]) {
        inFlight.remove(target)
        candidates[target]?.failures = 0
        let retry = now + jittered(configuration.minimumRetryDelay)  // should the connection not last
        candidates[target]?.notBefore = retry
        if connected.contains(peer), !opened.contains(peer) { opened.append(peer) }
        guard opened.count > configuration.maximumOpened else { return }
        actions.append(.disconnect(opened.removeFirst()))
    }

    private mutating func dialFailed(_ target: Target, _ now: Instant) {
        inFlight.remove(target)
        guard let failures = candidates[target]?.failures else { return }
        let delay = min(configuration.minimumRetryDelay * (1 << min(failures, 20)), configuration.maximumRetryDelay)
        let retry = now + jittered(delay)
        candidates[target]?.failures = failures + 1
        candidates[target]?.notBefore = retry
    }

    // MARK: What to do

    private var isBelowTarget: Bool { connected.count < configuration.targetConnections }

    /// How many dials may begin now to come up to the target.
    private var room: Int {
        max(0, min(configuration.targetConnections - connected.count, configuration.maximumInFlight) - inFlight.count)
    }

    /// Whether it could be dialled now or later: hosts only while nobody is connected, for who they are is unknown.
    private func isWaiting(_ target: Target, _ candidate: Candidate) -> Bool {
        guard !candidate.addresses.isEmpty, !inFlight.contains(target) else { return false }
        switch target {
        case .peer(let peer): return !connected.contains(peer)
        case .host: return connected.isEmpty
        }
    }

    /// All candidates are looked at only when one of them can be chosen: a large mesh is learnt at a cost that grows with its size alone.
    private mutating func dials(_ now: Instant) -> [Action] {
        var chosen: [Target] = []
        if room > 0 {
            let due = candidates.filter { isWaiting($0.key, $0.value) && $0.value.notBefore <= now }.map(\.key)
            chosen = Array(due.shuffled(using: &generator).prefix(room))
        }
        if let healed = heal(now) { chosen.append(healed) }
        return chosen.compactMap { target in
            inFlight.insert(target)
            return candidates[target].map { .dial(target, $0.addresses) }
        }
    }

    /// With enough connections, somebody who is not connected is tried now and then: he may live on the other side of a partition.
    private mutating func heal(_ now: Instant) -> Target? {
        guard !isBelowTarget, candidates.contains(where: { isWaiting($0.key, $0.value) }) else {
            healAt = nil
            return nil
        }
        defer { healAt = healAt ?? now + jittered(healInterval) }
        guard let due = healAt, due <= now else { return nil }
        healAt = nil
        guard inFlight.count < configuration.maximumInFlight else { return nil }
        let waiting = candidates.filter { isWaiting($0.key, $0.value) }
        defer { healInterval = min(healInterval * 2, configuration.maximumHealInterval) }
        return waiting.keys.randomElement(using: &generator)
    }

    /// A quarter more or less, so nodes that failed together do not come back together.
    private mutating func jittered(_ delay: Duration) -> Duration {
        delay * Double.random(in: 0.75...1.25, using: &generator)
    }
}

/// The numbers of `PeeringPlanner`.
package struct PeeringConfiguration: Sendable {
    /// With fewer connections than this, whoever opened them, more are dialled.
    package var targetConnections = 4
    /// Connections that we opened and keep; with one more the oldest is given up.
    package var maximumOpened = 6
    package var maximumInFlight = 8
    package var maximumCandidates = 20_064
    /// A failed target is tried again after this, doubled with each failure.
    package var minimumRetryDelay: Duration = .seconds(1)
    package var maximumRetryDelay: Duration = .seconds(120)
    package var minimumHealInterval: Duration = .seconds(30)
    package var maximumHealInterval: Duration = .seconds(600)

    package init() {}
}
