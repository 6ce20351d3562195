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
        var isInFlight = false
        var notBefore: Instant
    }

    private let configuration: PeeringConfiguration
    private var candidates: [Target: Candidate] = [:]
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
            dialed(target, peer, &actions)
        case .dialFailed(let target):
            dialFailed(target, now)
        case .deadlineReached:
            break
        }
        actions += dials(now)
        return actions
    }

    /// When there may be something to dial; `nil` when all members are connected.
    package var nextDeadline: Instant? {
        let retry = isBelowTarget ? waiting.map(\.value.notBefore).min() : nil
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

    private mutating func dialed(_ target: Target, _ peer: PeerID, _ actions: inout [Action]) {
        candidates[target]?.isInFlight = false
        candidates[target]?.failures = 0
        connected.insert(peer)
        if !opened.contains(peer) { opened.append(peer) }
        guard opened.count > configuration.maximumOpened else { return }
        actions.append(.disconnect(opened.removeFirst()))
    }

    private mutating func dialFailed(_ target: Target, _ now: Instant) {
        guard let failures = candidates[target]?.failures else { return }
        let delay = min(configuration.minimumRetryDelay * (1 << min(failures, 20)), configuration.maximumRetryDelay)
        let retry = now + jittered(delay)
        candidates[target]?.isInFlight = false
        candidates[target]?.failures = failures + 1
        candidates[target]?.notBefore = retry
    }

    // MARK: What to do

    private var inFlight: Int { candidates.values.count { $0.isInFlight } }

    private var isBelowTarget: Bool { connected.count < configuration.targetConnections }

    /// What could be dialled now or later: hosts only while nobody is connected, for who they are is unknown.
    private var waiting: [Dictionary<Target, Candidate>.Element] {
        candidates.filter { target, candidate in
            guard !candidate.isInFlight, !candidate.addresses.isEmpty else { return false }
            switch target {
            case .peer(let peer): return !connected.contains(peer)
            case .host: return connected.isEmpty
            }
        }
    }

    private mutating func dials(_ now: Instant) -> [Action] {
        let waiting = self.waiting
        let due = waiting.filter { $0.value.notBefore <= now }.map(\.key).shuffled(using: &generator)
        var chosen: [Target] = []
        if isBelowTarget {
            let room = min(configuration.targetConnections - connected.count, configuration.maximumInFlight) - inFlight
            chosen = Array(due.prefix(max(0, room)))
        }
        heal(waiting: waiting.map(\.key), chosen: &chosen, now)
        return chosen.compactMap { target in
            candidates[target]?.isInFlight = true
            return candidates[target].map { .dial(target, $0.addresses) }
        }
    }

    /// With enough connections, somebody who is not connected is tried now and then: he may live on the other side of a partition.
    private mutating func heal(waiting: [Target], chosen: inout [Target], _ now: Instant) {
        guard !waiting.isEmpty, !isBelowTarget else {
            healAt = nil
            return
        }
        if let due = healAt, due <= now {
            chosen += [waiting.randomElement(using: &generator)].compactMap { $0 }
            healInterval = min(healInterval * 2, configuration.maximumHealInterval)
            healAt = nil
        }
        healAt = healAt ?? now + jittered(healInterval)
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
