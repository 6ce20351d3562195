import Foundation

/// One run, in the words of docs/BENCHMARKS.md, which are the keys of the JSON.
struct RunResult: Codable, CustomStringConvertible {
    struct Rest {
        let cpuShare: Double
        let switchesPerSecond: Double
        let sentBytesPerSecond: Double
    }

    let wireguard: String
    let nodes: Int
    let allKnowAll: Double
    let medianNode: Double
    let cpuPerNode: Double
    let sentBytesPerNode: Double
    let restCPUShare: Double?
    let restSwitchesPerSecond: Double?
    let restSentBytesPerSecond: Double?
    let residentMegabytes: Double
    let proportionalMegabytes: Double

    enum CodingKeys: String, CodingKey {
        case wireguard, nodes
        case allKnowAll = "all_know_all_s"
        case medianNode = "median_node_s"
        case cpuPerNode = "cpu_s_per_node"
        case sentBytesPerNode = "tx_bytes_per_node"
        case restCPUShare = "rest_cpu_share"
        case restSwitchesPerSecond = "rest_ctx_per_s"
        case restSentBytesPerSecond = "rest_tx_bytes_per_s"
        case residentMegabytes = "rss_mb"
        case proportionalMegabytes = "pss_mb"
    }

    /// - Parameters:
    ///   - times: for each node, seconds until it knew all others
    ///   - usage: of each node until then
    init(_ settings: BenchSettings, times: [Double], usage: [Usage], rest: Rest?, memory: [Memory]) {
        wireguard = settings.wireguard.rawValue
        nodes = settings.nodes
        allKnowAll = times.max() ?? 0
        medianNode = times.median
        cpuPerNode = usage.map(\.cpuSeconds).mean
        sentBytesPerNode = usage.map { Double($0.sentBytes) }.mean.rounded()
        restCPUShare = rest?.cpuShare
        restSwitchesPerSecond = rest?.switchesPerSecond
        restSentBytesPerSecond = rest?.sentBytesPerSecond
        residentMegabytes = memory.map { Double($0.resident) / 1e6 }.median
        proportionalMegabytes = memory.map { Double($0.proportional) / 1e6 }.median
    }

    var description: String {
        let start = String(
            format: "all know all after %.3f s (median node %.3f s), %.4f s CPU and %.0f bytes sent per node",
            allKnowAll, medianNode, cpuPerNode, sentBytesPerNode)
        let memory = String(format: "; RSS %.1f MB, PSS %.1f MB", residentMegabytes, proportionalMegabytes)
        guard let restCPUShare, let restSwitchesPerSecond, let restSentBytesPerSecond else { return start + memory }
        let rest = String(
            format: "; at rest %.5f %% CPU, %.3f context switches/s, %.1f bytes/s", restCPUShare * 100, restSwitchesPerSecond,
            restSentBytesPerSecond)
        return start + rest + memory
    }

    static func summary(of results: [RunResult]) -> String {
        let times = results.map(\.allKnowAll)
        return String(
            format: "all know all: median %.3f s, worst %.3f s of %d runs; per node: %.4f s CPU, %.0f bytes sent (medians)", times.median,
            times.max() ?? 0, results.count, results.map(\.cpuPerNode).median, results.map(\.sentBytesPerNode).median)
    }

    static func write(_ results: [RunResult], to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try (encoder.encode(results) + Data("\n".utf8)).write(to: URL(fileURLWithPath: path))
    }
}
