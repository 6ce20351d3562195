import Foundation

/// One operation, to be repeated.
struct Benchmark {
    /// Rounds that the median is taken of.
    private static let rounds = 9
    /// A round takes at least so long, so that the clock's steps do not count.
    private static let shortestRound = 0.03

    let name: String
    /// Does the operation once, and returns something of what came out, so that it cannot be left out.
    private let operation: () throws -> Int

    init(_ name: String, _ operation: @escaping () throws -> Int) {
        self.name = name
        self.operation = operation
    }

    func measure() throws -> Measurement {
        let repetitions = try calibrated()
        let times = try (0..<Self.rounds).map { _ in try seconds(repetitions) / Double(repetitions) }.sorted()
        return Measurement(name: name, microseconds: times[Self.rounds / 2] * 1e6, fastest: times[0] * 1e6, repetitions: repetitions)
    }

    /// How many repetitions fill a round.
    private func calibrated() throws -> Int {
        var repetitions = 1
        while true {
            let taken = try seconds(repetitions)
            guard taken < Self.shortestRound else { return repetitions }
            repetitions = max(repetitions * 2, Int(Double(repetitions) * Self.shortestRound / max(taken, 1e-6)))
        }
    }

    /// Processor time of this process, which other processes do not add to.
    private func seconds(_ repetitions: Int) throws -> Double {
        let before = processNanoseconds()
        var sum = 0
        for _ in 0..<repetitions { sum &+= try operation() }
        let taken = processNanoseconds() - before
        guard sum != .min else { throw BenchmarkError("\(name) does nothing") }
        return Double(taken) / 1e9
    }

    private func processNanoseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}

/// What one operation takes of the processor.
struct Measurement: Encodable, CustomStringConvertible {
    let name: String
    /// The median of the rounds.
    let microseconds: Double
    let fastest: Double
    let repetitions: Int

    enum CodingKeys: String, CodingKey {
        case name, repetitions
        case microseconds = "cpu_us_per_op"
        case fastest = "fastest_us_per_op"
    }

    var description: String {
        name.padding(toLength: 52, withPad: " ", startingAt: 0)
            + String(format: " %12.3f µs  (fastest round %.3f, %d repetitions)", microseconds, fastest, repetitions)
    }
}

/// An operation that does not do what it should.
struct BenchmarkError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
