import Foundation

/// All measurements, one after the other, so that both libraries have the same machine.
struct Comparison {
    private let megabytes: Int
    private let runs: Int
    private let connections: Int
    private let python: String?
    private let output: String?

    init(environment: [String: String]) throws {
        func number(_ name: String, _ standard: Int, _ range: ClosedRange<Int>) throws -> Int {
            guard let text = environment[name], !text.isEmpty else { return standard }
            guard let value = Int(text), range.contains(value) else { throw BenchError("\(name)=\(text): a number in \(range)") }
            return value
        }
        megabytes = try number("MEGABYTES", 512, 2...100_000)
        runs = try number("RUNS", 5, 1...1000)
        connections = try number("CONNECTIONS", 1000, 0...4000)
        let module = environment["WEFT_INTEROP_PYTHON"] ?? ".venv-interop/bin/python"
        python = FileManager.default.isExecutableFile(atPath: module) ? module : nil
        output = environment["OUT"].flatMap { $0.isEmpty ? nil : $0 }
    }

    func run() throws {
        if python == nil { tell("go-libp2p is left out: interop/setup has not made its Python module") }
        var results: [Result] = []
        for isPrivate in [false, true] { results += try throughput(isPrivate) }
        if connections > 0 { results.append(try memory()) }
        guard let output else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try (encoder.encode(results) + Data("\n".utf8)).write(to: URL(fileURLWithPath: output))
    }

    /// A figure, the median of the runs.
    private struct Result: Encodable {
        let name: String
        let unit: String
        let median: Double
        let all: [Double]
    }

    private func tell(_ line: String) {
        FileHandle.standardOutput.write(Data("\(line)\n".utf8))
    }

    private func report(_ name: String, _ unit: String, _ values: [Double]) -> Result {
        let sorted = values.sorted()
        let result = Result(name: name, unit: unit, median: sorted[sorted.count / 2], all: values)
        let each = values.map { String(format: "%.0f", $0) }.joined(separator: " ")
        tell(name.padding(toLength: 60, withPad: " ", startingAt: 0) + String(format: " %6.0f %@  (%@)", result.median, unit, each))
        return result
    }

    // MARK: One stream

    /// Every pair in each round, so that what the machine does meanwhile falls on all.
    private func throughput(_ isPrivate: Bool) throws -> [Result] {
        let kinds: [Peer.Kind] = python == nil ? [.weft] : [.weft, .go]
        let pairs = kinds.flatMap { from in kinds.map { (from, $0) } }
        var rates = [[Double]](repeating: [], count: pairs.count)
        for _ in 0..<runs {
            for (index, (from, to)) in pairs.enumerated() { rates[index].append(try rate(from, to, isPrivate)) }
        }
        return zip(pairs, rates).map { pair, rates in
            report("one stream, \(pair.0.rawValue) to \(pair.1.rawValue)\(isPrivate ? ", private network" : "")", "MB/s", rates)
        }
    }

    private func rate(_ from: Peer.Kind, _ to: Peer.Kind, _ isPrivate: Bool) throws -> Double {
        let frames = megabytes * Role.framesInLine
        let receiver = try Peer(to, ["receive", "\(frames)"], isPrivate: isPrivate, python: python)
        defer { receiver.end() }
        let address = try receiver.next().address ?? ""
        let sender = try Peer(from, ["send", "\(frames)", address], isPrivate: isPrivate, python: python)
        defer { sender.end() }
        guard let seconds = try receiver.next().seconds, seconds > 0 else { throw BenchError("the receiver tells no time") }
        return Double((megabytes - 1) << 20) / 1e6 / seconds
    }

    // MARK: Many connections

    private func memory() throws -> Result {
        let server = try Peer(.weft, ["serve"], isPrivate: true, python: nil)
        defer { server.end() }
        let address = try server.next().address ?? ""
        // The first connections bring in what all share.
        let first = try Peer(.weft, ["crowd", "20", address], isPrivate: true, python: nil)
        defer { first.end() }
        _ = try first.next()
        let before = try rested(server, connections: 20)
        let crowd = try Peer(.weft, ["crowd", "\(connections)", address], isPrivate: true, python: nil)
        defer { crowd.end() }
        _ = try crowd.next()
        let after = try rested(server, connections: 20 + connections)
        return report("memory of an idle connection, of \(connections)", "KiB", [Double(after - before) / 1024 / Double(connections)])
    }

    /// Its memory when that no more changes.
    private func rested(_ server: Peer, connections: Int) throws -> Int {
        var last = -1
        for _ in 0..<120 {
            Thread.sleep(forTimeInterval: 1)
            let told = try server.ask()
            if told.connections == connections, told.bytes == last { return last }
            last = told.bytes ?? 0
        }
        throw BenchError("\(connections) connections did not come to rest")
    }
}
