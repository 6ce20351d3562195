import DequeModule
import Multiformats
import Timeline

/// What became of messages that were judged, for the copies that come later. Expires on insertion, so it needs no timer.
struct DeliveryOutcomes: Sendable {
    enum Outcome: Sendable {
        /// Until then a copy counts for who sends it, once for each.
        case good(until: Instant, credited: Set<PeerID>)
        case bad
    }

    enum Credit: Hashable, Sendable {
        case good
        case bad
    }

    private let ttl: Duration
    private let maximumCount: Int
    private var outcomes: [MessageID: Outcome] = [:]
    /// Oldest first: time does not run backwards.
    private var order = Deque<(id: MessageID, time: Instant)>()

    init(ttl: Duration, maximumCount: Int) {
        self.ttl = ttl
        self.maximumCount = maximumCount
    }

    var count: Int { outcomes.count }

    /// When full, the oldest is forgotten: copies of that message count neither way.
    mutating func insert(_ id: MessageID, _ outcome: Outcome, now: Instant) {
        while let oldest = order.first, oldest.time + ttl <= now || outcomes.count >= maximumCount {
            outcomes[oldest.id] = nil
            _ = order.popFirst()
        }
        guard maximumCount > 0, outcomes.updateValue(outcome, forKey: id) == nil else { return }
        order.append((id, now))
    }

    /// What a copy from this peer counts for; nil: for nothing.
    mutating func credit(_ peer: PeerID, for id: MessageID, now: Instant) -> Credit? {
        switch outcomes[id] {
        case .bad: return .bad
        case .good(let end, var credited):
            guard now <= end, credited.insert(peer).inserted else { return nil }
            outcomes[id] = .good(until: end, credited: credited)
            return .good
        case nil: return nil
        }
    }
}
