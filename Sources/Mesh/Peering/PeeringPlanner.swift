import Multiformats
import Timeline

/// Decides whom to dial, and when: few connections, random ones, and never giving up on anybody who is a member.
///
/// Dialling at random and for ever is what keeps the graph connected and heals partitions: each side remembers the other. How often a
/// node tries somebody who is lost follows the number of members, so a whole mesh does so at about the same rate, however large it is.
package struct PeeringPlanner<Generator: RandomNumberGenerator & Sendable>: Sendable {
    package typealias Target = PeeringTarget
    package typealias Input = PeeringInput
    package typealias Action = PeeringAction
    typealias Candidate = PeeringCandidate

    let configuration: PeeringConfiguration
    var candidates: [Target: Candidate] = [:]
    /// The keys of `candidates` in an order that is the same in every run.
    var order: [Target] = []
    /// What is being dialled and has not been heard of yet.
    var inFlight: Set<Target> = []
    /// Since when.
    var connected: [PeerID: Instant] = [:]
    /// Connections that we opened, oldest first.
    var opened: [PeerID] = []
    /// Peers whose connection broke and that have not been reached or given up since.
    var suspects: [PeerID] = []
    /// Hosts and peers to join by that have not answered yet.
    var unmet: [Target] = []
    var healAt: Instant?
    /// What was found when all candidates of a crowd were looked at last.
    var overview = PeeringOverview()
    var generator: Generator

    /// Hosts to join by that are still to answer.
    package var unmetHosts: [Multiaddr] {
        unmet.compactMap { if case .host(let address) = $0 { address } else { nil } }
    }

    package init(configuration: PeeringConfiguration = PeeringConfiguration(), generator: Generator) {
        self.configuration = configuration
        self.generator = generator
    }

    package mutating func handle(_ input: Input, now: Instant) -> [Action] {
        var actions: [Action] = []
        if case .deadlineReached = input {} else { overview.isOutOfDate = true }
        switch input {
        case .member(let peer, let addresses): learn(.peer(peer), addresses, now)
        case .introduction(let peer, let addresses): introduce(peer, addresses, now)
        case .forget(let peer): forget(peer)
        case .join(let address): join(address, now)
        case .reported(let peer, let isUnreachable): report(peer, isUnreachable, now)
        case .connected(let peer): connect(peer, now)
        case .disconnected(let peer): disconnect(peer, now)
        case .lost(let peer):
            disconnect(peer, now)
            suspect(peer, now, &actions)
        case .dialed(let target, let peer): dialed(target, peer, now, &actions)
        case .dialFailed(let target): dialFailed(target, now, &actions)
        case .dialedOurselves(let target):
            unmet.removeAll { $0 == target }
            dialFailed(target, now, &actions)
        case .deadlineReached: break
        }
        actions += dials(now)
        trim(now, &actions)
        return actions
    }

    // MARK: What happened

    private mutating func learn(_ target: Target, _ addresses: [Multiaddr], _ now: Instant) {
        guard var candidate = candidates[target] else {
            guard candidates.count < configuration.maximumCandidates else { return }
            candidates[target] = Candidate(addresses: addresses, notBefore: now, position: order.count)
            return order.append(target)
        }
        guard candidate.addresses != addresses else { return }
        candidate.addresses = addresses
        candidate.failures = 0
        candidate.notBefore = now
        candidates[target] = candidate
    }

    private mutating func join(_ address: Multiaddr, _ now: Instant) {
        let target = Target.host(address)
        guard candidates[target] == nil else { return }
        learn(target, [address], now)
        if candidates[target] != nil { unmet.append(target) }
    }

    private mutating func introduce(_ peer: PeerID, _ addresses: [Multiaddr], _ now: Instant) {
        learn(.peer(peer), addresses, now)
        guard connected[peer] == nil, candidates[.peer(peer)] != nil, !unmet.contains(.peer(peer)) else { return }
        unmet.append(.peer(peer))
    }

    private mutating func forget(_ peer: PeerID) {
        let target = Target.peer(peer)
        suspects.removeAll { $0 == peer }
        unmet.removeAll { $0 == target }
        guard let position = candidates.removeValue(forKey: target)?.position, let last = order.popLast(), last != target else { return }
        order[Int(position)] = last
        candidates[last]?.position = position
    }

    private mutating func report(_ peer: PeerID, _ isUnreachable: Bool, _ now: Instant) {
        candidates[.peer(peer)]?.isReportedUnreachable = isUnreachable
        if isUnreachable {
            healSoon(within: healInterval, now)
        } else {
            candidates[.peer(peer)]?.failures = 0
        }
    }

    private mutating func connect(_ peer: PeerID, _ now: Instant) {
        connected[peer] = now
        suspects.removeAll { $0 == peer }
        unmet.removeAll { $0 == .peer(peer) }
        candidates[.peer(peer)]?.failures = 0
    }

    private mutating func disconnect(_ peer: PeerID, _ now: Instant) {
        connected[peer] = nil
        opened.removeAll { $0 == peer }
        let retry = now + jittered(configuration.minimumRetryDelay)
        candidates[.peer(peer)]?.notBefore = retry
    }

    private mutating func suspect(_ peer: PeerID, _ now: Instant, _ actions: inout [Action]) {
        guard let candidate = candidates[.peer(peer)], !suspects.contains(peer) else { return }
        if candidate.addresses.isEmpty {
            actions.append(.unreachable(peer))
        } else {
            suspects.append(peer)
        }
    }

    /// The connection is told of by `connected`, and may have ended already: then it is not one that we opened any more.
    private mutating func dialed(_ target: Target, _ peer: PeerID, _ now: Instant, _ actions: inout [Action]) {
        inFlight.remove(target)
        unmet.removeAll { $0 == target }
        candidates[target]?.failures = 0
        let retry = now + jittered(configuration.minimumRetryDelay)  // should the connection not last
        candidates[target]?.notBefore = retry
        if connected[peer] != nil, !opened.contains(peer) { opened.append(peer) }
        giveUpOpened(now, &actions)
    }

    private mutating func dialFailed(_ target: Target, _ now: Instant, _ actions: inout [Action]) {
        inFlight.remove(target)
        if case .peer(let peer) = target, let index = suspects.firstIndex(of: peer) {
            suspects.remove(at: index)
            actions.append(.unreachable(peer))
        }
        if case .peer(let peer) = target, connected[peer] != nil { return }  // he was faster
        guard let failures = candidates[target]?.failures else { return }
        let delay = min(configuration.minimumRetryDelay * (1 << Int(failures)), longestRetryDelay(of: target))
        let retry = now + jittered(delay)
        candidates[target]?.failures = min(failures + 1, Candidate.countedFailures)
        candidates[target]?.notBefore = retry
        if case .peer = target { healSoon(within: healDelay([target]), now) }
    }
}
