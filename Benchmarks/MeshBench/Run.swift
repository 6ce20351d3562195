import Foundation
import WeftLaboratory

/// One run: makes the network, starts the nodes, watches them, and removes everything, whatever happens.
struct Run {
    private let settings: BenchSettings
    private let interrupts: Interrupts
    private let laboratory: Laboratory
    private let watch: LogWatch
    private let clusterKey = Data((0..<32).map { _ in UInt8.random(in: .min ... .max) }).base64EncodedString()

    init(_ settings: BenchSettings, _ interrupts: Interrupts) throws {
        self.settings = settings
        self.interrupts = interrupts
        laboratory = try Laboratory(BenchSettings.topology)
        watch = try LogWatch(nodes: settings.nodes, interrupts: interrupts, folder: settings.logs)
    }

    func result() throws -> RunResult {
        defer { laboratory.tearDown(patience: .zero) }
        let hosts = try laboratory.addHosts((1...settings.nodes).map { "host-\($0)" })
        try interrupts.check()
        let (began, nodes) = try start(hosts)
        let times = try watch.waitUntilAllKnowAll(before: began + settings.patience)
        let usage = try nodes.map { try Usage(of: $0.process.id) }
        let rest = try settings.rest > 0 ? measureRest(nodes) : nil
        let memory = nodes.map { Memory(of: $0.process.id) }
        try nodes.forEach(verify)
        return RunResult(settings, times: times.map { ($0 - began).inSeconds }, usage: usage, rest: rest, memory: memory)
    }

    // MARK: Start

    private struct BenchNode {
        let name: String
        let process: LabProcess
        let socket: String
    }

    /// - Returns: when the first was started, or the second, if the first has a head start.
    private func start(_ hosts: [LabHost]) throws -> (ContinuousClock.Instant, [BenchNode]) {
        let entered = try hosts.map { try $0.entered() }
        var began = ContinuousClock.now
        var nodes: [BenchNode] = []
        for (index, host) in entered.enumerated() {
            nodes.append(try start("node-\(index + 1)", on: host, join: index == 0 ? nil : hosts[0].ipv4))
            guard index == 0, settings.headStart > 0 else { continue }
            try interrupts.wait(.milliseconds(settings.headStart))
            began = .now
        }
        return (began, nodes)
    }

    private func start(_ name: String, on host: LabHost.Entered, join: String?) throws -> BenchNode {
        let log = try watch.addSource()
        defer { close(log) }
        let socket = "\(laboratory.directory)/\(name).sock"
        let command = [
            settings.program, "--name", name, "--interface", laboratory.newInterfaceName(), "--wireguard", settings.wireguard.option,
            "--state-dir", "\(laboratory.directory)/\(name)", "--socket", socket,
        ]
        // This machine's own hosts file is not for a benchmark to write.
        let environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "WEFT_CLUSTER_KEY": clusterKey, "WEFT_NO_ETC_HOSTS": "true",
            "WEFT_NO_MDNS": "true", "WEFT_NO_PORT_MAPPING": "true",
        ]
        let process = try laboratory.start(
            command + (settings.logs == nil ? [] : ["--log-level", "debug"]) + (join.map { ["--join", $0] } ?? []), on: host,
            environment: environment, log: log)
        return BenchNode(name: name, process: process, socket: socket)
    }

    // MARK: At rest

    private func measureRest(_ nodes: [BenchNode]) throws -> RunResult.Rest {
        try watch.drain(until: .now + settings.settling)
        let began = ContinuousClock.now
        let before = try nodes.map { try Usage(of: $0.process.id) }
        try watch.drain(until: began + .seconds(settings.rest))
        let seconds = (ContinuousClock.now - began).inSeconds
        let after = try nodes.map { try Usage(of: $0.process.id) }
        func median(_ value: (Usage) -> Double) -> Double {
            zip(before, after).map { (value($1) - value($0)) / seconds }.median
        }
        return RunResult.Rest(
            cpuShare: median(\.cpuSeconds), switchesPerSecond: median { Double($0.contextSwitches) },
            sentBytesPerSecond: median { Double($0.sentBytes) })
    }

    // MARK: Is it true?

    /// Asks the node itself, when nothing is measured any more.
    private func verify(_ node: BenchNode) throws {
        try interrupts.check()
        let text = try Tools.run([settings.program, "status", "--json", "--socket", node.socket])
        let status = try JSONDecoder().decode(NodeStatus.self, from: Data(text.utf8))
        let others = status.members.count { $0.state == .connected || $0.state == .known }
        guard others == settings.nodes - 1 else {
            throw BenchError("\(node.name) lists \(others) others, and not \(settings.nodes - 1): \(text)")
        }
    }
}
