import CoreMetrics
import Synchronization

/// Holds the values of metrics, and shows them to Prometheus.
///
/// | of swift-metrics | shown as |
/// |---|---|
/// | `Counter`, `FloatingPointCounter` | counter; `_total` is added to a name that does not end in it |
/// | `Gauge`, `Recorder` that does not aggregate, `Meter` | gauge |
/// | `Recorder` that aggregates | summary: `_sum` and `_count`, no quantiles |
/// | `Timer` | summary, in seconds; `_seconds` is added to a name that does not end in it |
///
/// The same name and labels give the same series. It can be used from any thread.
package final class PrometheusRegistry: MetricsFactory {
    /// Series at once, unless told otherwise: five for each of 10,000 members.
    package static let defaultMaximumSeries = 50_000
    /// How many series were not made: there was no room for them, or their name is one of another type. Always shown.
    package static let droppedSeriesName = "metrics_dropped_series_total"
    /// Content type of what `render` returns.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    struct Contents {
        var families: [String: Family] = [:]
        var seriesCount = 0
        var droppedSeries: UInt64 = 0
    }

    let contents = Mutex(Contents())
    let help: [String: String]
    private let maximumSeries: Int

    /// - Parameters:
    ///   - help: a sentence for each family, by its name as it is shown.
    ///   - maximumSeries: one more is dropped: whoever made it may use it, and nobody sees it.
    package init(help: [String: String] = [:], maximumSeries: Int = defaultMaximumSeries) {
        self.help = help
        self.maximumSeries = maximumSeries
    }

    // MARK: MetricsFactory

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(.counter, FamilyKind.counter.name(label), dimensions, CounterSeries.init) ?? NOOPMetricsHandler.instance
    }

    package func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        series(.counter, FamilyKind.counter.name(label), dimensions, CounterSeries.init) ?? NOOPMetricsHandler.instance
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(.gauge, FamilyKind.gauge.name(label), dimensions, GaugeSeries.init) ?? NOOPMetricsHandler.instance
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else {
            return series(.gauge, FamilyKind.gauge.name(label), dimensions, GaugeSeries.init) ?? NOOPMetricsHandler.instance
        }
        return series(.summary, FamilyKind.summary.name(label), dimensions, SummarySeries.init) ?? NOOPMetricsHandler.instance
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let name = FamilyKind.summary.name(label, unit: "_seconds")
        return series(.summary, name, dimensions, SummarySeries.init) ?? NOOPMetricsHandler.instance
    }

    package func destroyCounter(_ handler: any CounterHandler) { destroy(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { destroy(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { destroy(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { destroy(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { destroy(handler) }

    // MARK: Series

    /// The one of that name and those labels, made if there is none; `nil` if it cannot be.
    private func series<Wanted: Series>(
        _ kind: FamilyKind, _ name: String, _ dimensions: [(String, String)], _ make: (String, String) -> Wanted
    ) -> Wanted? {
        let labels = ExpositionText.labels(dimensions)
        return contents.withLock { contents in
            if let known = contents.families[name]?.series[labels] as? Wanted { return known }
            let isOfAnotherKind = contents.families[name].map { $0.kind != kind } ?? false
            guard !isOfAnotherKind, contents.seriesCount < maximumSeries, name != Self.droppedSeriesName else {
                contents.droppedSeries &+= 1
                return nil
            }
            let new = make(name, labels)
            contents.families[name, default: Family(kind: kind)].series[labels] = new
            contents.seriesCount += 1
            return new
        }
    }

    /// It is shown no more; whoever still has it may use it.
    private func destroy(_ handler: AnyObject) {
        guard let series = handler as? any Series else { return }
        contents.withLock { contents in
            guard contents.families[series.name]?.series[series.labels] === series else { return }
            contents.families[series.name]?.series[series.labels] = nil
            contents.seriesCount -= 1
            if contents.families[series.name]?.series.isEmpty == true { contents.families[series.name] = nil }
        }
    }
}
