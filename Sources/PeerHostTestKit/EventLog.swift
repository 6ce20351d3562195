import Synchronization

/// What happened, in order, for a test to wait on.
package final class EventLog<Event: Sendable>: Sendable {
    private let events = Mutex<[Event]>([])

    package init() {}

    package func append(_ event: Event) {
        events.withLock { $0.append(event) }
    }

    package var all: [Event] { events.withLock { $0 } }

    /// The first value that `match` finds, as soon as it is there; `nil` after `limit`.
    package func first<Value: Sendable>(
        within limit: Duration = .seconds(20), _ match: @Sendable (Event) -> Value?
    ) async -> Value? {
        await waitFor(within: limit) { all.lazy.compactMap(match).first }
    }

    /// Whether at least `count` events are matched in time.
    package func has(_ count: Int = 1, within limit: Duration = .seconds(20), _ match: @Sendable (Event) -> Bool) async -> Bool {
        await waitFor(within: limit) { all.count(where: match) >= count ? true : nil } ?? false
    }
}

/// Asks again and again until there is an answer; `nil` after `limit`.
package func waitFor<Value: Sendable>(within limit: Duration = .seconds(20), _ answer: () async throws -> Value?) async rethrows -> Value? {
    let end = ContinuousClock.now + limit
    while true {
        if let value = try await answer() { return value }
        guard ContinuousClock.now < end else { return nil }
        try? await Task.sleep(for: .milliseconds(10))
    }
}
