import ArgumentParser
import Glibc
import MeshSimulation

/// Runs the mesh's simulator.
@main
struct WeftSimulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weft-simulate", abstract: "Runs whole meshes under a virtual clock, each from a seed, and checks their promises.")

    @Option(help: "The seeds to run: one number, or two with a dash between them.")
    var seeds: SeedRange = SeedRange(bounds: 1...2000)

    @Option(help: "How many run at one time; as many as there are cores if it is not given.")
    var jobs: Int?

    @Flag(help: "Print all that happens.")
    var verbose = false

    @Flag(help: "Print a digest of each run: equal runs have equal ones.")
    var digests = false

    @Option(help: "Instead of seeds: so many nodes that join within a virtual minute, and what that costs them.")
    var nodes: Int?

    func run() async throws {
        if let nodes { return try runScale(nodes) }
        let summary = await SeedRunner(isVerbose: verbose, jobs: verbose ? 1 : jobs).run(seeds.bounds) { report in
            if report.violation != nil {
                print(report.explanation)
                fflush(nil)  // seen when it is found, also in a file
            }
            if digests { print("seed \(report.seed) digest \(String(report.digest, radix: 16))") }
        }
        print(summary)
        if summary.violationCount > 0 { throw ExitCode.failure }
    }

    private func runScale(_ nodes: Int) throws {
        var simulation = Simulation.scale(nodes, seed: seeds.bounds.lowerBound)
        let start = ContinuousClock.now
        let report = simulation.runScale()
        print(report)
        print("took \(ContinuousClock.now - start)")
        if let violation = report.violation { print(violation) }
        if report.convergence == nil || report.violation != nil { throw ExitCode.failure }
    }
}

/// `7`, or `1-2000`.
struct SeedRange: ExpressibleByArgument {
    let bounds: ClosedRange<UInt64>

    init(bounds: ClosedRange<UInt64>) {
        self.bounds = bounds
    }

    init?(argument: String) {
        let parts = argument.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count <= 2, let first = parts.first.flatMap({ UInt64($0) }), let last = parts.last.flatMap({ UInt64($0) }),
            first <= last
        else { return nil }
        bounds = first...last
    }

    var defaultValueDescription: String { "\(bounds.lowerBound)-\(bounds.upperBound)" }
}
