import CoreMetrics
import Foundation
import Testing
import WeftTestKit

@testable import PrometheusMetrics

@Suite struct RegistryTests {
    private let registry = PrometheusRegistry(help: ["a_total": "How many.", "b": "A \\ and\na line."])

    private static let noneDropped = "# TYPE metrics_dropped_series_total counter\nmetrics_dropped_series_total 0\n"

    @Test func anEmptyOneTellsThatNothingWasDropped() {
        #expect(registry.render() == Self.noneDropped)
    }

    @Test func theTextIsExactlyThis() {
        Timer(label: "z", dimensions: [], factory: registry).recordNanoseconds(1_500_000_000)
        Counter(label: "a", dimensions: [("y", "2"), ("x", "1")], factory: registry).increment(by: 3)
        Counter(label: "a_total", dimensions: [], factory: registry).increment()
        Gauge(label: "b", factory: registry).record(-0.5)
        #expect(
            registry.render() == """
                # HELP a_total How many.
                # TYPE a_total counter
                a_total 1
                a_total{x="1",y="2"} 3
                # HELP b A \\\\ and\\na line.
                # TYPE b gauge
                b -0.5

                """ + Self.noneDropped + """
                    # TYPE z_seconds summary
                    z_seconds_sum 1.5
                    z_seconds_count 1

                    """)
    }

    @Test func kindsAreWhatTheySay() throws {
        Counter(label: "c", factory: registry).increment(by: 2)
        FloatingPointCounter(label: "f_seconds_total", factory: registry).increment(by: 0.25)
        Recorder(label: "r", dimensions: [], aggregate: true, factory: registry).record(7)
        Recorder(label: "g", dimensions: [], aggregate: false, factory: registry).record(8)
        let meter = Meter(label: "m", factory: registry)
        meter.set(5)
        meter.increment(by: 2.5)
        meter.decrement()
        Timer(label: "t_seconds", dimensions: [], preferredDisplayUnit: .milliseconds, factory: registry).recordSeconds(2)
        let shown = try Exposition(registry.render())
        #expect(
            shown.types == [
                "c_total": "counter", "f_seconds_total": "counter", "r": "summary", "g": "gauge", "m": "gauge", "t_seconds": "summary",
                "metrics_dropped_series_total": "counter",
            ])
        let values = Dictionary(shown.samples.map { ($0.name, $0.value) }) { first, _ in first }
        #expect(values["c_total"] == 2 && values["f_seconds_total"] == 0.25 && values["r_sum"] == 7 && values["r_count"] == 1)
        #expect(values["g"] == 8 && values["m"] == 6.5 && values["t_seconds_sum"] == 2)
    }

    @Test func theSameNameAndLabelsAreTheSameSeries() throws {
        for _ in 0..<3 { Counter(label: "a", dimensions: [("x", "1"), ("y", "2")], factory: registry).increment() }
        Counter(label: "a_total", dimensions: [("y", "2"), ("x", "1")], factory: registry).increment()
        FloatingPointCounter(label: "a", dimensions: [("y", "2"), ("x", "1")], factory: registry).increment(by: 0.5)
        #expect(try Exposition(registry.render()).samples.first?.value == 4.5)
    }

    @Test func aCounterDoesNotFall() throws {
        let (counter, parts) = (Counter(label: "a", factory: registry), FloatingPointCounter(label: "p", factory: registry))
        counter.increment(by: 5)
        counter.increment(by: -3)
        for wrong: Double in [-1, .nan, .infinity, -Double.infinity] { parts.increment(by: wrong) }
        parts.increment(by: 1)
        #expect(try Exposition(registry.render()).samples.map(\.value) == [5, 0, 1])
        counter.reset()
        #expect(try Exposition(registry.render()).samples.map(\.value) == [0, 0, 1])
    }

    @Test(arguments: [
        (0, "0"), (-0.0, "0"), (1, "1"), (-7, "-7"), (0.1, "0.1"), (9_007_199_254_740_991, "9007199254740991"), (1e300, "1e+300"),
        (.nan, "NaN"), (.infinity, "+Inf"), (-Double.infinity, "-Inf"), (5e-324, "5e-324"),
    ])
    func numbersAreWritten(value: Double, text: String) {
        Gauge(label: "g", factory: registry).record(value)
        #expect(registry.render().hasPrefix("# TYPE g gauge\ng \(text)\n"))
    }

    // MARK: Names and labels

    @Test func hostileTextsAreHarmless() throws {
        let hostile = "a\"} 1\nfake_total 7\n# \\\0\u{1b}[2J\u{85}é🕸️"
        Counter(label: "1 bad\nname{}", dimensions: [("9 bad\"label", hostile), ("", ""), ("_", "kept not")], factory: registry).increment()
        let shown = try Exposition(registry.render())
        let sample = try #require(shown.samples.first { $0.name == "_1_bad_name___total" })
        #expect(sample.labels == ["_9_bad_label": "a\"} 1\nfake_total 7\n# \\\u{fffd}\u{fffd}[2J\u{fffd}é🕸️", "_": ""])
        #expect(shown.samples.count == 2)
    }

    @Test func longTextsAreCut() throws {
        Counter(
            label: String(repeating: "n", count: 1_000),
            dimensions: [(String(repeating: "l", count: 1_000), String(repeating: "é", count: 1_000))], factory: registry
        ).increment()
        let sample = try #require(try Exposition(registry.render()).samples.last)
        #expect(sample.name.utf8.count == ExpositionText.maximumNameBytes + "_total".utf8.count)
        #expect(sample.labels.keys.first?.utf8.count == ExpositionText.maximumNameBytes)
        #expect(sample.labels.values.first?.utf8.count == ExpositionText.maximumLabelValueBytes)
    }

    @Test func whateverTheTextsAreTheyCanBeRead() throws {
        var random = SeededGenerator(seed: testSeed("whateverTheTextsAreTheyCanBeRead"))
        for _ in 0..<2_000 {
            let registry = PrometheusRegistry()
            var expected: Set<String> = []
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let value = String(decoding: random.bytes(Int.random(in: 0...60, using: &random)), as: UTF8.self)
                let label = String(decoding: random.bytes(Int.random(in: 0...4, using: &random)), as: UTF8.self)
                Gauge(label: "g", dimensions: [(label, value)], factory: registry).record(1)
                let shown = value.unicodeScalars.map { $0 != "\n" && $0.properties.generalCategory == .control ? "\u{fffd}" : $0 }
                expected.insert(String(String.UnicodeScalarView(shown)))
            }
            let shown = try Exposition(registry.render())
            #expect(Set(shown.samples.filter { $0.name == "g" }.flatMap(\.labels.values)) == expected)
        }
    }

    // MARK: How many

    @Test func whatIsTooMuchIsDroppedAndCounted() throws {
        let registry = PrometheusRegistry(maximumSeries: 3)
        let gauges = (0..<5).map { Gauge(label: "g", dimensions: [("n", "\($0)")], factory: registry) }
        for gauge in gauges { gauge.record(1) }
        var shown = try Exposition(registry.render())
        #expect(shown.samples.compactMap { $0.labels["n"] } == ["0", "1", "2"])
        #expect(shown.samples.last?.value == 2)
        // What is known is known, whether there is room or not; and what goes makes room.
        Gauge(label: "g", dimensions: [("n", "0")], factory: registry).record(9)
        gauges[1].destroy()
        gauges[4].destroy()
        Counter(label: "c", factory: registry).increment()
        shown = try Exposition(registry.render())
        #expect(shown.samples.map(\.value) == [1, 9, 1, 2])
    }

    @Test func aNameHasOneType() throws {
        Counter(label: "a", factory: registry).increment()
        Gauge(label: "a_total", dimensions: [("x", "1")], factory: registry).record(7)
        Counter(label: PrometheusRegistry.droppedSeriesName, factory: registry).increment()
        let shown = try Exposition(registry.render())
        #expect(shown.samples.map(\.name) == ["a_total", "metrics_dropped_series_total"])
        #expect(shown.samples.map(\.value) == [1, 2])
    }

    @Test func whatIsDestroyedIsGone() throws {
        let counter = Counter(label: "c", dimensions: [("x", "1")], factory: registry)
        let parts = FloatingPointCounter(label: "f", factory: registry)
        let gauge = Gauge(label: "g", factory: registry)
        let meter = Meter(label: "m", factory: registry)
        let timer = Timer(label: "t", dimensions: [], factory: registry)
        counter.increment()
        counter.destroy()
        parts.destroy()
        gauge.destroy()
        meter.destroy()
        timer.destroy()
        #expect(registry.render() == Self.noneDropped)
        // Who still has it may use it, and destroy it again; another one of that name begins anew, and stays.
        counter.increment()
        Counter(label: "c", dimensions: [("x", "1")], factory: registry).increment(by: 5)
        counter.destroy()
        #expect(try Exposition(registry.render()).samples.first?.value == 5)
    }

    /// Many threads make, count, destroy and read at once: nothing is lost.
    @Test func itCanBeUsedFromAnyThread() throws {
        let registry = self.registry
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for round in 0..<2_000 {
                Counter(label: "all", factory: registry).increment()
                FloatingPointCounter(label: "parts", factory: registry).increment(by: 0.5)
                Meter(label: "level", factory: registry).increment(by: 2)
                let own = Gauge(label: "own", dimensions: [("thread", "\(thread)")], factory: registry)
                own.record(round)
                if round % 3 == 0 { own.destroy() }
                if round % 500 == 0 { _ = registry.render() }
            }
        }
        let values = Dictionary(try Exposition(registry.render()).samples.map { ($0.name, $0.value) }) { first, _ in first }
        #expect(values["all_total"] == 16_000 && values["parts_total"] == 8_000 && values["level"] == 32_000)
        #expect(values["metrics_dropped_series_total"] == 0)
    }

    /// The same contents are the same text, whatever order they came in.
    @Test func theOrderIsTheSame() {
        let names = (0..<50).map { "n\($0)" }
        let texts = [names, names.reversed(), names.shuffled()].map { names in
            let registry = PrometheusRegistry()
            for name in names { Gauge(label: name, dimensions: [("a", name), ("b", "1")], factory: registry).record(1) }
            for name in names { Gauge(label: "one", dimensions: [("a", name)], factory: registry).record(1) }
            return registry.render()
        }
        #expect(texts[0] == texts[1] && texts[1] == texts[2])
    }
}
