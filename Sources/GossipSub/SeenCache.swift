import DequeModule
import Timeline

/// The ids of messages seen lately. Expires on insertion, so it needs no timer.
struct SeenCache: Sendable {
    private let ttl: Duration
    private let maximumCount: Int
    private var firstSeen: [MessageID: Instant] = [:]
    /// In order of `firstSeen`, oldest first: time does not run backwards.
    private var order = Deque<MessageID>()

    init(ttl: Duration, maximumCount: Int) {
        self.ttl = ttl
        self.maximumCount = maximumCount
    }

    var count: Int { firstSeen.count }

    func contains(_ id: MessageID, now: Instant) -> Bool {
        firstSeen[id].map { now < $0 + ttl } ?? false
    }

    /// Remembers an id; a known one keeps its time of first sight.
    mutating func insert(_ id: MessageID, now: Instant) {
        forgetExpired(now: now)
        guard firstSeen[id] == nil else { return }
        while firstSeen.count >= maximumCount, let oldest = order.popFirst() { firstSeen[oldest] = nil }
        firstSeen[id] = now
        order.append(id)
    }

    private mutating func forgetExpired(now: Instant) {
        while let oldest = order.first, let seen = firstSeen[oldest], seen + ttl <= now {
            _ = order.popFirst()
            firstSeen[oldest] = nil
        }
    }
}
