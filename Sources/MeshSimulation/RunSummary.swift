import Timeline

/// What came of many simulations.
package struct RunSummary: Sendable {
    package private(set) var seedCount = 0
    package private(set) var violationCount = 0
    package var elapsed: Duration = .zero
    private var convergences: [Scenario.Kind: [Duration]] = [:]
    private var restTraffic: [Double] = []
    /// The seeds that took longest to agree, and that had most traffic at rest.
    private var slowest = Ranking()
    private var noisiest = Ranking()
    private var eventCount = 0
    private var virtualTime: Duration = .zero

    package mutating func add(_ report: SeedReport) {
        seedCount += 1
        if report.violation != nil { violationCount += 1 }
        if let convergence = report.convergence {
            convergences[report.kind, default: []].append(convergence)
            slowest.add(convergence.inSeconds, report)
        }
        if let traffic = report.restTraffic {
            restTraffic.append(traffic)
            noisiest.add(traffic, report)
        }
        eventCount += report.eventCount
        virtualTime += report.virtualTime
    }
}

extension RunSummary: CustomStringConvertible {
    /// The last line is for machines.
    package var description: String {
        let kinds = Scenario.Kind.allCases.compactMap { kind in
            convergences[kind].map { "\(kind.rawValue.padded(to: 12))\(Distribution($0.map(\.inSeconds)))" }
        }
        let seconds = elapsed.inSeconds
        return
            (["seconds from the last fault until all live nodes agree"] + kinds + ["slowest     \(slowest)"]
            + ["bytes per node and second at rest", "all         \(Distribution(restTraffic))", "noisiest    \(noisiest)"]
            + ["\(eventCount) events in \(virtualTime.wholeSeconds / 3600) virtual hours, \(seconds.rounded(to: 1)) s"]
            + [
                "seeds=\(seedCount) violations=\(violationCount) seeds_per_second=\((Double(seedCount) / max(seconds, 0.001)).rounded(to: 1))"
            ])
            .joined(separator: "\n")
    }
}

/// The seeds with the highest numbers.
struct Ranking: CustomStringConvertible {
    static let length = 5
    private var entries: [(number: Double, seed: UInt64, kind: Scenario.Kind)] = []

    mutating func add(_ number: Double, _ report: SeedReport) {
        let position = entries.firstIndex { $0.number < number } ?? entries.count
        guard position < Self.length else { return }
        entries.insert((number, report.seed, report.kind), at: position)
        entries = Array(entries.prefix(Self.length))
    }

    var description: String {
        entries.map { "seed \($0.seed) (\($0.kind.rawValue)) \($0.number.rounded(to: 1))" }.joined(separator: ", ")
    }
}

/// How numbers are spread.
struct Distribution: CustomStringConvertible {
    private let sorted: [Double]

    init(_ numbers: [Double]) {
        sorted = numbers.sorted()
    }

    private func quantile(_ share: Double) -> String {
        guard !sorted.isEmpty else { return "-" }
        return sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))].rounded(to: 1)
    }

    var description: String {
        "n=\(sorted.count) median=\(quantile(0.5)) p90=\(quantile(0.9)) p99=\(quantile(0.99)) worst=\(quantile(1))"
    }
}

extension Duration {
    var inSeconds: Double { Double(saturatedNanoseconds) / 1e9 }
}

extension Double {
    /// With so many digits after the point.
    func rounded(to digits: Int) -> String {
        let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
        return "\((self * scale).rounded() / scale)"
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

extension SeedReport {
    /// For whoever has to mend it: what was broken, what happened last, how to see it again.
    package var explanation: String {
        guard let violation else { return "seed \(seed): no promise broken" }
        return """
            seed \(seed) (\(kind.rawValue), \(nodeCount) machines): \(violation)
            \(lastEvents.suffix(20).map { "    " + $0 }.joined(separator: "\n"))
            replay: scripts/simulate --seeds \(seed) --verbose
            """
    }
}
