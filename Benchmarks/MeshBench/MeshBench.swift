import Foundation

/// `make bench`: many real nodes, all at once, and what that takes. See docs/BENCHMARKS.md.
@main
enum MeshBench {
    static func main() {
        do {
            guard let interrupts = Interrupts() else { throw BenchError("cannot receive signals on this system") }
            let settings = try BenchSettings(environment: ProcessInfo.processInfo.environment)
            MachineLimits.raise(nodes: settings.nodes)
            try measure(settings, interrupts)
        } catch {
            FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
            exit(error is Interrupted ? 130 : 1)
        }
    }

    /// Results of runs that came to their end are written even if a later one fails.
    private static func measure(_ settings: BenchSettings, _ interrupts: Interrupts) throws {
        var results: [RunResult] = []
        tell("\(settings)")
        for number in 1...settings.runs {
            let result = try Run(settings, interrupts).result()
            results.append(result)
            tell("run \(number): \(result)")
            if let path = settings.output { try RunResult.write(results, to: path) }
        }
        if results.count > 1 { tell(RunResult.summary(of: results)) }
    }

    /// At once, also into a pipe.
    private static func tell(_ line: some CustomStringConvertible) {
        FileHandle.standardOutput.write(Data("\(line)\n".utf8))
    }
}
