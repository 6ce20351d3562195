import MeshSimulation
import Testing

/// Seeds that have found a bug. The scenario of a seed may change with the generator: what each is about is said beside it.
@Suite struct PinnedSeedTests {
    /// - 12, 28, 79: the wall clock was set while a node did not run, and it forgot everybody.
    /// - 25: a peer dialled anew, but what it was sent went into the connection that it had lost.
    /// - 8, 56: after a change of address, connections with something unacknowledged lived for a quarter of an hour.
    @Test(arguments: [8, 12, 25, 28, 56, 79] as [UInt64])
    func stayMended(seed: UInt64) {
        var simulation = Simulation(Scenario(seed: seed))
        let report = simulation.run()
        #expect(report.violation == nil, "\(report.explanation)")
        #expect(report.convergence.map { $0 < .seconds(120) } ?? false, "agreed after \(String(describing: report.convergence))")
    }
}
