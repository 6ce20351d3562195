import CoreMetrics
import Synchronization

/// One value, or one pair of them, with its labels: a line of the exposition, or two.
protocol Series: AnyObject, Sendable {
    /// The name of its family.
    var name: String { get }
    /// Its labels as they are written, braces among them; empty without any.
    var labels: String { get }
    func write(to text: inout String)
}

/// What only grows: a counter of whole things or of parts of them. Above 2^53 ones are lost, as they are in Prometheus itself.
final class CounterSeries: Series, CounterHandler, FloatingPointCounterHandler {
    let name: String
    let labels: String
    private let value = Mutex(0.0)

    init(name: String, labels: String) {
        self.name = name
        self.labels = labels
    }

    func increment(by amount: Int64) {
        increment(by: Double(amount))
    }

    /// A counter that fell would look like a restart, and one that is no number would be none for ever.
    func increment(by amount: Double) {
        guard amount.isFinite, amount > 0 else { return }
        value.withLock { $0 += amount }
    }

    func reset() {
        value.withLock { $0 = 0 }
    }

    func write(to text: inout String) {
        ExpositionText.appendSample(name, labels, value.withLock { $0 }, to: &text)
    }
}

/// What goes up and down: a gauge, or a meter.
final class GaugeSeries: Series, RecorderHandler, MeterHandler {
    let name: String
    let labels: String
    private let value = Mutex(0.0)

    init(name: String, labels: String) {
        self.name = name
        self.labels = labels
    }

    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func set(_ value: Int64) { set(Double(value)) }

    func set(_ value: Double) {
        self.value.withLock { $0 = value }
    }

    func increment(by amount: Double) {
        guard amount.isFinite else { return }
        value.withLock { $0 += amount }
    }

    func decrement(by amount: Double) {
        increment(by: -amount)
    }

    func write(to text: inout String) {
        ExpositionText.appendSample(name, labels, value.withLock { $0 }, to: &text)
    }
}

/// How often something was measured, and the sum of what was: a timer, or a recorder that aggregates. It has no quantiles, so it costs
/// the same however much is measured.
final class SummarySeries: Series, RecorderHandler, TimerHandler {
    private struct Tally {
        var sum = 0.0
        var count: UInt64 = 0
    }

    let name: String
    let labels: String
    private let tally = Mutex(Tally())

    init(name: String, labels: String) {
        self.name = name
        self.labels = labels
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        tally.withLock {
            $0.sum += value
            $0.count &+= 1
        }
    }

    func recordNanoseconds(_ duration: Int64) {
        record(Double(duration) / 1e9)
    }

    func write(to text: inout String) {
        let tally = self.tally.withLock { $0 }
        ExpositionText.appendSample(name + "_sum", labels, tally.sum, to: &text)
        ExpositionText.appendSample(name + "_count", labels, Double(tally.count), to: &text)
    }
}
