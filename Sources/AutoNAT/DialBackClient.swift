import IPAddresses
import Multiformats
import Timeline

/// Finds out whether this node can be dialled, by asking peers to do so: a machine, without sockets and clock.
///
/// One peer is asked at a time: the one whose word is worth most, and of several the one that was not asked for longest. An answer that
/// a dial has succeeded is believed at once, for it cannot be an accident. One that it has failed changes what is known only once
/// confidence is gone, as in go-libp2p: each answer that agrees raises it by one, each that does not lowers it.
package struct DialBackClient<Generator: RandomNumberGenerator & Sendable>: Sendable {
    package enum Input: Sendable {
        /// Where this node is now.
        case place(OwnPlace)
        /// A peer that speaks AutoNAT; `nil`: it is gone, or does not.
        case peer(PeerID, Witness?)
        /// What became of the question; told once for each.
        case answered(Result<[UInt8], NoAnswer>)
        case deadlineReached
    }

    package enum NoAnswer: Error, Hashable, Sendable {
        case unsupported
        case failed
    }

    package enum Action: Hashable, Sendable {
        /// Ask the peer. No other question is asked before `answered`.
        case ask(PeerID, [UInt8])
        case statusChanged(NATStatus)
    }

    private struct Entry: Sendable {
        var witness: Witness
        var lastAsked: Instant?
        var restUntil: Instant?
    }

    private struct Question: Sendable {
        let peer: PeerID
        /// This node has moved since: the answer is about another place.
        var isStale = false
    }

    private let configuration: AutoNATConfiguration
    private let ownPeer: PeerID
    private var generator: Generator
    private var place: OwnPlace?
    private var entries: [PeerID: Entry] = [:]
    private var question: Question?
    private var lastAsked: Instant?
    /// Since this node has been at this place.
    private var asked = 0
    /// The next question is not asked earlier.
    private var dueAt: Instant?
    package private(set) var status = NATStatus.unknown
    private(set) var confidence = 0

    package init(_ configuration: AutoNATConfiguration, peer: PeerID, generator: Generator) {
        self.configuration = configuration
        ownPeer = peer
        self.generator = generator
    }

    /// `nil` while there is nobody to ask.
    package var nextDeadline: Instant? {
        guard question == nil, let dueAt else { return nil }
        let ready = candidates.map { $0.entry.restUntil ?? dueAt }.min()
        return ready.map { max($0, dueAt) }
    }

    /// Whom we have asked, as long as there is no answer.
    package var askedPeer: PeerID? { question?.peer }

    package mutating func handle(_ input: Input, now: Instant) -> [Action] {
        switch input {
        case .place(let place): return move(to: place, now)
        case .peer(let peer, let witness):
            note(peer, witness, now)
            return []
        case .answered(let result): return answered(result, now)
        case .deadlineReached: return askIfDue(now)
        }
    }

    // MARK: What is known of ourselves and of others

    /// What was found out elsewhere does not hold here.
    private mutating func move(to place: OwnPlace, _ now: Instant) -> [Action] {
        guard place != self.place else { return [] }
        self.place = place
        question?.isStale = true
        (asked, confidence) = (0, 0)
        dueAt = soon(now)
        return become(.unknown)
    }

    private mutating func note(_ peer: PeerID, _ witness: Witness?, _ now: Instant) {
        guard let witness else {
            entries[peer] = nil
            return
        }
        let isNew = entries[peer] == nil
        guard !isNew || entries.count < configuration.maximumWitnesses else { return }
        entries[peer, default: Entry(witness: witness)].witness = witness
        guard isNew else { return }
        if dueAt == nil || status == .unknown { dueAt = min(dueAt ?? .distant, soon(now)) }
    }

    private var candidates: [(peer: PeerID, entry: Entry, standpoint: Standpoint)] {
        guard let place else { return [] }
        return entries.compactMap { peer, entry in
            configuration.standpoint(of: entry.witness, at: place).map { (peer, entry, $0) }
        }
    }

    // MARK: Questions

    private mutating func soon(_ now: Instant) -> Instant {
        let delay = configuration.firstDelay + configuration.firstDelay * Int.random(in: 0...100, using: &generator) / 100
        let rest = asked < configuration.quickQuestions ? configuration.retryInterval : configuration.unsureInterval
        return max(now + delay, lastAsked.map { $0 + rest } ?? now)
    }

    private mutating func askIfDue(_ now: Instant) -> [Action] {
        guard question == nil, let place, let dueAt, dueAt <= now else { return [] }
        let ready = candidates.filter { $0.entry.restUntil.map { $0 <= now } ?? true }
        guard let (peer, entry) = choose(ready) else { return [] }
        question = Question(peer: peer)
        entries[peer]?.lastAsked = now
        lastAsked = now
        asked += 1
        let targets = place.targets(for: entry.witness).prefix(configuration.maximumAddresses).map { Multiaddr(tcp: $0) }
        return [.ask(peer, AutoNATMessage.dial(DialRequest(peer: ownPeer, addresses: targets)).encoded)]
    }

    private mutating func choose(_ ready: [(peer: PeerID, entry: Entry, standpoint: Standpoint)]) -> (PeerID, Entry)? {
        guard let best = ready.map(\.standpoint).min() else { return nil }
        let trusted = ready.filter { $0.standpoint == best }
        let longest = trusted.map { $0.entry.lastAsked ?? .distantPast }.min()
        return trusted.filter { ($0.entry.lastAsked ?? .distantPast) == longest }
            .sorted { $0.peer < $1.peer }.randomElement(using: &generator).map { ($0.peer, $0.entry) }
    }

    private mutating func answered(_ result: Result<[UInt8], NoAnswer>, _ now: Instant) -> [Action] {
        guard let question else { return [] }
        self.question = nil
        defer { dueAt = question.isStale ? soon(now) : now + pause() }
        switch result.map(Self.verdict) {
        case .success(let verdict?): return question.isStale ? [] : learn(verdict)
        case .success(nil), .failure(.failed): letRest(question.peer, until: now + configuration.refusalPause)
        case .failure(.unsupported): entries[question.peer] = nil
        }
        return []
    }

    private mutating func letRest(_ peer: PeerID, until end: Instant) {
        entries[peer]?.restUntil = end
    }

    /// `nil`: the peer has not tried.
    private static func verdict(_ message: [UInt8]) -> NATStatus? {
        guard case .response(let response)? = try? AutoNATMessage(message) else { return nil }
        switch response.status {
        case .ok: return .reachable
        case .dialError: return .unreachable
        case .dialRefused, .badRequest, .internalError: return nil
        }
    }

    private mutating func pause() -> Duration {
        guard confidence < configuration.maximumConfidence else { return jittered(configuration.refreshInterval) }
        var pause = status == .unknown ? configuration.retryInterval : configuration.confirmInterval
        for _ in configuration.quickQuestions..<max(asked, configuration.quickQuestions) where pause < configuration.refreshInterval {
            pause = pause * 2
        }
        return jittered(min(pause, configuration.refreshInterval))
    }

    /// Up to a fifth longer, so that nodes do not fall into step.
    private mutating func jittered(_ duration: Duration) -> Duration {
        duration + duration * Int.random(in: 0...200, using: &generator) / 1000
    }

    // MARK: What is concluded

    private mutating func learn(_ verdict: NATStatus) -> [Action] {
        if verdict == status {
            confidence = min(confidence + 1, configuration.maximumConfidence)
        } else if verdict == .reachable || confidence == 0 {
            confidence = 0
            return become(verdict)
        } else {
            confidence -= 1
        }
        return []
    }

    private mutating func become(_ status: NATStatus) -> [Action] {
        guard status != self.status else { return [] }
        self.status = status
        return [.statusChanged(status)]
    }
}

extension Instant {
    fileprivate static var distant: Instant { Instant(nanoseconds: .max) }
    fileprivate static var distantPast: Instant { Instant(nanoseconds: .min) }
}
