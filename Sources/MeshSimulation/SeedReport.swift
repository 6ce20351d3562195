import Timeline

/// What came of one simulation.
package struct SeedReport: Sendable {
    package let seed: UInt64
    package let kind: Scenario.Kind
    package let nodeCount: Int
    package let violation: Violation?
    /// From the last fault until all live nodes agreed.
    package let convergence: Duration?
    /// Bytes sent per node and second.
    package let restTraffic: Double?
    package let virtualTime: Duration
    package let eventCount: Int
    /// Of all that happened: equal for equal runs.
    package let digest: UInt64
    /// Over all nodes.
    package let sentFrames: Int
    package let sentBytes: Int
    /// The last things that happened.
    package let lastEvents: [String]
}

extension Simulation {
    func report() -> SeedReport {
        let convergence = checker.agreedAt.flatMap { agreedAt in checker.quietSince.map { agreedAt - $0 } }
        return SeedReport(
            seed: scenario.seed, kind: scenario.kind, nodeCount: machines.count, violation: checker.violation, convergence: convergence,
            restTraffic: checker.restTraffic, virtualTime: now - .origin, eventCount: checker.eventCount, digest: trace.digest,
            sentFrames: meters.reduce(0) { $0 + $1.frames }, sentBytes: meters.reduce(0) { $0 + $1.bytes },
            lastEvents: checker.violation == nil ? [] : trace.lines.map(\.description))
    }
}
