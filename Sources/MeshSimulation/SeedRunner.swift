import Foundation
import Timeline

/// Runs many seeds, several at one time.
package struct SeedRunner: Sendable {
    private let isVerbose: Bool
    private let jobs: Int

    package init(isVerbose: Bool = false, jobs: Int? = nil) {
        self.isVerbose = isVerbose
        self.jobs = max(1, jobs ?? ProcessInfo.processInfo.activeProcessorCount)
    }

    /// - Parameter each: told of every report, in the order in which they are done.
    package func run(_ seeds: ClosedRange<UInt64>, each: (SeedReport) -> Void = { _ in }) async -> RunSummary {
        let start = ContinuousClock.now
        var summary = RunSummary()
        await withTaskGroup(of: SeedReport.self) { group in
            var next = seeds.makeIterator()
            func startNext() {
                guard let seed = next.next() else { return }
                group.addTask { [isVerbose] in
                    var simulation = Simulation(Scenario(seed: seed), isVerbose: isVerbose)
                    return simulation.run()
                }
            }
            for _ in 0..<jobs { startNext() }
            for await report in group {
                each(report)
                summary.add(report)
                startNext()
            }
        }
        summary.elapsed = ContinuousClock.now - start
        return summary
    }
}
