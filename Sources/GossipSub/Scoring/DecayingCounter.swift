import Timeline

/// How counters shrink with time. Source: gossipsub-v1.1.md, "Parameter Decay".
///
/// The specification multiplies each counter once in every interval. Here a counter is multiplied when it is looked at, as often as
/// intervals have passed since: the value is the same, and nobody has to wake up for it.
struct Decay: Hashable, Sendable {
    /// The time from one multiplication to the next.
    let interval: Duration
    /// What falls below counts as nothing.
    let zero: Double

    /// Which interval a moment lies in.
    func tick(_ now: Instant) -> Int64 { now.nanoseconds / max(1, interval.saturatedNanoseconds) }

    /// `value` after so many multiplications: by squaring, since a peer may be silent for a long time.
    func decayed(_ value: Double, by factor: Double, times: Int64) -> Double {
        guard times > 0, value != 0 else { return value }
        var (result, square, left) = (value, factor, times)
        while left > 0 {
            if left & 1 == 1 { result *= square }
            square *= square
            left >>= 1
        }
        return result < zero ? 0 : result
    }
}

/// A count that shrinks with time.
struct DecayingCounter: Hashable, Sendable {
    private var value = 0.0
    /// When `value` was right.
    private var tick: Int64 = 0

    func value(at tick: Int64, _ factor: Double, _ decay: Decay) -> Double {
        decay.decayed(value, by: factor, times: tick - self.tick)
    }

    /// - Parameter cap: the count does not grow beyond; nil: without end.
    mutating func add(_ amount: Double, upTo cap: Double? = nil, at tick: Int64, _ factor: Double, _ decay: Decay) {
        let sum = value(at: tick, factor, decay) + amount
        value = min(sum, cap ?? sum)
        self.tick = tick
    }

    /// Brings the count to a moment from which on it stands still, until `resume`.
    mutating func settle(at tick: Int64, _ factor: Double, _ decay: Decay) {
        value = value(at: tick, factor, decay)
        self.tick = tick
    }

    /// Takes up a count that stood still until now.
    mutating func resume(at tick: Int64) { self.tick = tick }

    /// Of one that stands still.
    var isZero: Bool { value == 0 }
}
