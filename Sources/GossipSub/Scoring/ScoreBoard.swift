import IPAddresses
import Multiformats
import Timeline

/// The scores of all peers, and of some that have left.
struct ScoreBoard: Sendable {
    private struct Retained: Sendable {
        let score: PeerScore
        let value: Double
        let end: Instant
    }

    let scoring: Scoring
    private let maximumRetained: Int
    private var scores: [PeerID: PeerScore] = [:]
    private var retained: [PeerID: Retained] = [:]
    private var places: [PeerID: IPPrefix] = [:]
    /// How many peers are at each place.
    private var crowds: [IPPrefix: Int] = [:]
    private var outcomes: DeliveryOutcomes

    init(scoring: Scoring, maximumRetained: Int, outcomes: DeliveryOutcomes) {
        self.scoring = scoring
        self.maximumRetained = maximumRetained
        self.outcomes = outcomes
    }

    var retainedCount: Int { retained.count }
    var outcomeCount: Int { outcomes.count }

    func value(of peer: PeerID, now: Instant) -> Double {
        let neighbours = places[peer].flatMap { crowds[$0] } ?? 0
        return (scores[peer] ?? PeerScore()).value(scoring, neighbours: neighbours, now: now)
    }

    // MARK: Who is there

    /// Begins a peer's score, or goes on with the one that it left with. Nothing happens to one that has begun.
    mutating func begin(_ peer: PeerID, now: Instant) {
        guard scores[peer] == nil else { return }
        var score = PeerScore()
        if let former = retained.removeValue(forKey: peer), former.end > now {
            score = former.score
            score.comeBack(scoring, now: now)
        }
        scores[peer] = score
    }

    /// Puts aside what speaks against the peer, if anything does.
    mutating func end(_ peer: PeerID, now: Instant) {
        setPlace(nil, of: peer)
        guard var score = scores.removeValue(forKey: peer) else { return }
        score.depart(scoring, now: now)
        guard !score.isClean else { return }
        makeRoom(now: now)
        guard retained.count < maximumRetained else { return }
        let value = score.value(scoring, neighbours: 0, now: now)
        retained[peer] = Retained(score: score, value: value, end: now + scoring.parameters.retention)
    }

    mutating func setApplicationScore(_ value: Double, of peer: PeerID) {
        if value.isFinite { scores[peer]?.application = value }
    }

    mutating func setAddress(_ address: IPAddress, of peer: PeerID) {
        guard scores[peer] != nil else { return }
        setPlace(scoring.parameters.place(of: address), of: peer)
    }

    private mutating func setPlace(_ place: IPPrefix?, of peer: PeerID) {
        if let old = places.removeValue(forKey: peer), let count = crowds[old] { crowds[old] = count > 1 ? count - 1 : nil }
        guard let place else { return }
        places[peer] = place
        crowds[place, default: 0] += 1
    }

    /// When full, the one that is least bad is forgotten: an attacker cannot wash a bad one away with many that are clean.
    private mutating func makeRoom(now: Instant) {
        guard retained.count >= maximumRetained else { return }
        retained = retained.filter { $0.value.end > now }
        guard retained.count >= maximumRetained else { return }
        let leastBad = retained.max { ($0.value.value, $0.key) < ($1.value.value, $1.key) }
        if let leastBad { retained[leastBad.key] = nil }
    }

    // MARK: What they do

    mutating func enteredMesh(_ topic: Topic, _ peer: PeerID, now: Instant) {
        scores[peer]?.enterMesh(topic, scoring, now: now)
    }

    mutating func leftMesh(_ topic: Topic, _ peer: PeerID, isPunished: Bool, now: Instant) {
        scores[peer]?.leaveMesh(topic, isPunished: isPunished, scoring, now: now)
    }

    mutating func misbehaved(_ peer: PeerID, times: Int, now: Instant) {
        scores[peer]?.misbehaved(times, scoring, now: now)
    }

    mutating func deliveredInvalid(_ topic: Topic, _ peer: PeerID, now: Instant) {
        scores[peer]?.deliveredInvalid(topic, scoring, now: now)
    }

    /// A message was found good.
    /// - Parameter others: who sent it as well while that was being found out.
    mutating func delivered(_ id: MessageID, _ topic: Topic, by first: PeerID, and others: Set<PeerID>, now: Instant) {
        guard let parameters = scoring.parameters.topics[topic] else { return }
        scores[first]?.deliveredFirst(topic, scoring, now: now)
        for peer in others { scores[peer]?.deliveredInMesh(topic, scoring, now: now) }
        outcomes.insert(id, .good(until: now + parameters.meshDeliveriesWindow, credited: others.union([first])), now: now)
    }

    /// A message was found bad: whoever sent it should have known.
    mutating func rejected(_ id: MessageID, _ topic: Topic, from senders: Set<PeerID>, now: Instant) {
        guard scoring.parameters.topics[topic] != nil else { return }
        for peer in senders { deliveredInvalid(topic, peer, now: now) }
        outcomes.insert(id, .bad, now: now)
    }

    /// Another copy of a message came that had been judged, or nobody knows.
    mutating func repeated(_ id: MessageID, _ topic: Topic, by peer: PeerID, now: Instant) {
        switch outcomes.credit(peer, for: id, now: now) {
        case .good: scores[peer]?.deliveredInMesh(topic, scoring, now: now)
        case .bad: deliveredInvalid(topic, peer, now: now)
        case nil: break
        }
    }
}

extension ScoreParameters {
    /// What counts as one place; nil where any number may be. What is behind one router has one IPv6 prefix of 64 bits.
    fileprivate func place(of address: IPAddress) -> IPPrefix? {
        let address = address.unmapped
        guard !address.isLoopback, !colocationExceptions.contains(where: { $0.contains(address) }) else { return nil }
        switch address.family {
        case .ipv4: return IPPrefix(host: address)
        case .ipv6: return IPPrefix(address, length: 64)?.network
        }
    }
}
