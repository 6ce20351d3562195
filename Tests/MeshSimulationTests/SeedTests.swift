import MeshSimulation
import Testing

/// Short runs of whole meshes. `make simulate` runs many more.
@Suite struct SeedTests {
    @Test func seedsKeepAllPromises() async {
        let summary = await SeedRunner().run(1...20) { report in
            if report.violation != nil { Issue.record(Comment(rawValue: report.explanation)) }
        }
        #expect(summary.seedCount == 20 && summary.violationCount == 0)
    }

    @Test(arguments: [10, 600])
    func halvesOfTenFindEachOther(seconds: Int) {
        for seed in 1...15 as ClosedRange<UInt64> {
            var simulation = Simulation(.halves(of: 20, apartFor: .seconds(seconds), seed: seed))
            let report = simulation.run()
            #expect(report.violation == nil, "\(report.explanation)")
            #expect(report.convergence.map { $0 <= Promises.healing } == true, "seed \(seed)")
        }
    }

    /// Sets and dictionaries have another order each time; nothing of it may show.
    @Test(arguments: [35, 87, 191] as [UInt64])
    func aSeedIsTheSameRunEachTime(seed: UInt64) {
        var one = Simulation(Scenario(seed: seed))
        var other = Simulation(Scenario(seed: seed))
        let reports = (one.run(), other.run())
        #expect(reports.0.digest == reports.1.digest && reports.0.eventCount == reports.1.eventCount)
    }
}
