import Foundation

/// `make bench-micro`: the processor time of single operations. See docs/BENCHMARKS.md.
@main
enum MicroBench {
    static func main() {
        do {
            try measure(environment: ProcessInfo.processInfo.environment)
        } catch {
            FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
            exit(1)
        }
    }

    /// `ONLY` is a part of the names that are wanted, `OUT` where the JSON goes.
    private static func measure(environment: [String: String]) throws {
        let wanted = environment["ONLY"] ?? ""
        let groups = [Fixture.records, Fixture.channel, Fixture.network]
        var measurements: [Measurement] = []
        for benchmark in try groups.flatMap({ try $0() }) where wanted.isEmpty || benchmark.name.contains(wanted) {
            let measurement = try benchmark.measure()
            measurements.append(measurement)
            FileHandle.standardOutput.write(Data("\(measurement)\n".utf8))
        }
        guard let path = environment["OUT"], !path.isEmpty else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try (encoder.encode(measurements) + Data("\n".utf8)).write(to: URL(fileURLWithPath: path))
    }
}
