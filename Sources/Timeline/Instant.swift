/// A moment on a monotonic time line with an unspecified origin.
///
/// Cores receive instants and never read a clock, so a simulator can own the time. The daemon's origin is `CLOCK_BOOTTIME`
/// (it keeps counting while the machine sleeps); a test's origin is whatever it likes.
package struct Instant: Hashable, Sendable {
    /// Nanoseconds since the origin.
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// The origin itself: a convenient start for tests.
    package static let origin = Instant(nanoseconds: 0)
}

extension Instant: InstantProtocol {
    package typealias Duration = Swift.Duration

    /// Saturates at either end of the time line: a duration that a peer supplied can never trap.
    package func advanced(by duration: Duration) -> Instant {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.saturatedNanoseconds)
        guard overflow else { return Instant(nanoseconds: sum) }
        return Instant(nanoseconds: duration < .zero ? .min : .max)
    }

    package func duration(to other: Instant) -> Duration {
        let (difference, overflow) = other.nanoseconds.subtractingReportingOverflow(nanoseconds)
        guard overflow else { return .nanoseconds(difference) }
        return .nanoseconds(other < self ? Int64.min : Int64.max)
    }

    package static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    package static func + (instant: Instant, duration: Duration) -> Instant { instant.advanced(by: duration) }
    package static func - (instant: Instant, duration: Duration) -> Instant { instant.advanced(by: .zero - duration) }
    package static func - (end: Instant, start: Instant) -> Duration { start.duration(to: end) }
}

extension Duration {
    /// The duration in whole nanoseconds, held to the range of `Int64` (292 years either way).
    package var saturatedNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, carried) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carried ? (seconds < 0 ? .min : .max) : sum
    }

    /// Whole seconds, fractions dropped.
    package var wholeSeconds: Int64 { components.seconds }
}

/// The earlier of two deadlines, where `nil` means "none".
package func earliest(_ first: Instant?, _ second: Instant?) -> Instant? {
    guard let first else { return second }
    guard let second else { return first }
    return min(first, second)
}
