import Foundation
import WeftLaboratory

/// What is to be measured, from the variables that `make bench` is called with.
struct BenchSettings: CustomStringConvertible {
    enum WireGuard: String {
        /// The node does everything but make an interface.
        case none
        case userspace
        case kernel

        /// The value of `--wireguard`.
        var option: String { self == .userspace ? "wireguard-go" : rawValue }

        /// Why it cannot be used here, `nil` if it can.
        var missing: String? {
            switch self {
            case .none: Requirements.laboratory
            case .userspace: Requirements.userspaceWireGuard
            case .kernel: Requirements.kernelWireGuard
            }
        }
    }

    static let topology = Laboratory.Topology.routed

    let nodes: Int
    let runs: Int
    /// Seconds at rest that are measured; 0 leaves that out.
    let rest: Int
    /// Milliseconds that the first node runs before the others start, and the clock with them; 0 starts all at once.
    let headStart: Int
    let wireguard: WireGuard
    /// Where the JSON goes.
    let output: String?
    /// Folder where the logs stay, at level debug: to see what a run spends its time on, for which it takes a little more.
    let logs: String?
    /// The program under test.
    let program: String

    init(environment: [String: String]) throws {
        func number(_ name: String, _ fallback: Int, _ range: ClosedRange<Int>) throws -> Int {
            guard let text = environment[name], !text.isEmpty else { return fallback }
            guard let number = Int(text), range.contains(number) else {
                throw BenchError("\(name)=\(text): a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
        nodes = try number("NODES", 10, 2...Self.topology.maximumHosts)
        runs = try number("RUNS", 1, 1...1_000)
        rest = try number("REST", 10, 0...86_400)
        headStart = try number("HEAD_START", 0, 0...60_000)
        let choice = environment["WIREGUARD"].flatMap { $0.isEmpty ? nil : $0 } ?? "none"
        guard let wireguard = WireGuard(rawValue: choice) else { throw BenchError("WIREGUARD=\(choice): none, userspace or kernel") }
        if let reason = wireguard.missing { throw BenchError("WIREGUARD=\(choice): \(reason)") }
        self.wireguard = wireguard
        output = environment["OUT"].flatMap { $0.isEmpty ? nil : $0 }
        logs = environment["LOGS"].flatMap { $0.isEmpty ? nil : $0 }
        guard let program = WeftBinary.path else { throw BenchError("no weft beside this program: set WEFT_BINARY") }
        self.program = program
    }

    /// How long a mesh may stay busy after all know all, before it counts as at rest.
    var settling: Duration { rest >= 30 ? .seconds(30) : .seconds(5) }

    /// How long all may take to know all; a run that takes longer has failed.
    var patience: Duration { .seconds(max(Self.leastPatience, nodes)) }

    private static let leastPatience = 120

    var description: String {
        "\(nodes) nodes, WireGuard: \(wireguard.rawValue), runs: \(runs), at rest: \(rest) s"
            + (headStart > 0 ? ", the first starts \(headStart) ms before the others" : "")
    }
}
