import Foundation

/// Where the program under test is.
package enum WeftBinary {
    /// `WEFT_BINARY`, else `weft` beside the test bundle, where SwiftPM builds both.
    package static let path: String? = {
        if let given = ProcessInfo.processInfo.environment["WEFT_BINARY"] { return given }
        let beside = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("weft").path
        let candidates = [beside] + (Bundle.allBundles.map { $0.bundleURL.deletingLastPathComponent().appendingPathComponent("weft").path })
        return candidates.first { access($0, X_OK) == 0 }
    }()
}

/// A `weft` on a host of a laboratory. To be used by one task at a time.
package final class Node {
    package struct Settings: Sendable {
        /// A token, or `HOST[:PORT]` with a cluster key: as an argument, as a user would type it.
        package var join: String?
        package var clusterKey: String?
        package var clusterPort: Int?
        package var wireguardPort: Int?
        package var overlayNets: [String] = []
        package var wireguard: String? = WireGuardBackend.chosen.option
        package var logLevel: String? = "debug"
        package var interface: String?
        /// Nodes that find each other by themselves make other tests easy that are meant to be hard.
        package var findsNeighbours = false
        package var mapsPorts = false
        /// Replaces variables of the environment that the tests run in.
        package var environment: [String: String] = [:]
        /// Further arguments.
        package var arguments: [String] = []
        /// What it reads from; else there is nothing to read.
        package var terminal: LabTerminal?
        /// Put before the program, e.g. `setpriv …`.
        package var wrapper: [String] = []

        package init() {}
    }

    package let name: String
    package let host: LabHost
    package let interface: String
    package let stateDirectory: String
    package let socket: String
    package private(set) var process: LabProcess
    private let laboratory: Laboratory
    private var settings: Settings
    private let binary: String
    private var starts = 1

    /// Starts it; it is not up yet when this returns.
    package init(_ name: String, on host: LabHost, in laboratory: Laboratory, settings: Settings = Settings()) throws {
        guard let binary = WeftBinary.path else { throw LaboratoryError("no weft binary: set WEFT_BINARY") }
        self.binary = binary
        self.name = name
        self.host = host
        self.laboratory = laboratory
        self.settings = settings
        interface = settings.interface ?? laboratory.newInterfaceName()
        stateDirectory = "\(laboratory.directory)/\(name)"
        socket = "\(laboratory.directory)/\(name).sock"
        let command = Self.command(
            binary, settings, [("--interface", interface), ("--state-dir", stateDirectory), ("--socket", socket), ("--name", name)])
        process = try laboratory.start(
            command, on: host, environment: Self.environment(settings), log: "\(name)-1", input: settings.terminal?.input)
    }

    /// Starts it again with the same state, and the same settings but for what is changed.
    package func startAgain(_ change: (inout Settings) -> Void = { _ in }) throws {
        starts += 1
        change(&settings)
        let command = Self.command(
            binary, settings, [("--interface", interface), ("--state-dir", stateDirectory), ("--socket", socket), ("--name", name)])
        process = try laboratory.start(
            command, on: host, environment: Self.environment(settings), log: "\(name)-\(starts)", input: settings.terminal?.input)
    }

    private static func command(_ binary: String, _ settings: Settings, _ identity: [(String, String)]) -> [String] {
        var options: [(String, String?)] = identity.map { ($0.0, $0.1) }
        options += [("--join", settings.join), ("--cluster-key", settings.clusterKey)]
        options += [
            ("--cluster-port", settings.clusterPort.map(String.init)), ("--wireguard-port", settings.wireguardPort.map(String.init)),
        ]
        options += settings.overlayNets.map { ("--overlay-net", $0) }
        options += [("--wireguard", settings.wireguard), ("--log-level", settings.logLevel)]
        return settings.wrapper + [binary] + options.flatMap { option, value in value.map { [option, $0] } ?? [] } + settings.arguments
    }

    private static func environment(_ settings: Settings) -> [String: String] {
        // Settings of whoever runs the tests must not become the nodes'.
        let own = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("WEFT_") }
        // This machine's own hosts file is not for tests to write.
        let standard = [
            "WEFT_NO_ETC_HOSTS": "true", "WEFT_NO_MDNS": "\(!settings.findsNeighbours)", "WEFT_NO_PORT_MAPPING": "\(!settings.mapsPorts)",
        ]
        return own.merging(standard) { $1 }.merging(settings.environment) { $1 }
    }

    /// All that it has said since its last start.
    package var log: String { process.output + process.errors }
}

extension Node {
    /// `nil` while it does not answer.
    package func status() -> NodeStatus? {
        guard process.poll() == nil, let text = try? weft(["status", "--json"]) else { return nil }
        return try? JSONDecoder().decode(NodeStatus.self, from: Data(text.utf8))
    }

    package func token() throws -> String {
        try weft(["token"]).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// - Throws: `LaboratoryError` with what the command said, if it is refused.
    package func forget(_ name: String) throws {
        try weft(["forget", name])
    }

    package func leave() throws {
        try weft(["leave"])
    }

    /// What `weft ping` says.
    ///
    /// - Throws: `LaboratoryError` with that, if the member is not reached.
    package func ping(_ name: String) throws -> String {
        try weft(["ping", "--count", "1", name])
    }

    /// What `weft doctor` says.
    ///
    /// - Throws: `LaboratoryError` with that, if there is a fault.
    package func doctor() throws -> String {
        try weft(["doctor"])
    }

    @discardableResult
    private func weft(_ arguments: [String]) throws -> String {
        try host.run([binary] + arguments + ["--socket", socket], atMost: .seconds(10))
    }

    /// Waits until it answers; an end of the process is told at once.
    @discardableResult
    package func waitUntilUp(within bound: Duration = .seconds(10)) async throws -> NodeStatus {
        try await eventually("\(name) is up", within: bound, details: { process.tail }) {
            if let end = process.poll() { throw LaboratoryError("\(name): \(end) before it was up. \(process.tail)") }
            return status()
        }
    }

    package func waitUntil(_ what: String, within bound: Duration, _ condition: (NodeStatus) -> Bool) async throws {
        try await eventually("\(name): \(what)", within: bound, details: { process.tail }) { status().map(condition) ?? false }
    }

    /// Waits until it says something that matches; it may have said so already.
    package func waitUntilSays(_ pattern: Regex<some Any>, within bound: Duration) async throws {
        try await eventually("\(name) says what is expected", within: bound, details: { process.tail }) {
            log.firstMatch(of: pattern) != nil
        }
    }

    package func waitUntilEnded(within bound: Duration) async throws -> LabProcess.End {
        try await eventually("\(name) ends", within: bound, details: { process.tail }) { process.poll() }
    }

    /// Every overlay address of `other` answers.
    package func waitForPing(of other: Node, within bound: Duration) async throws {
        let addresses = try await other.waitUntilUp().node.addresses
        guard !addresses.isEmpty else { throw LaboratoryError("\(other.name) has no overlay address") }
        for address in addresses {
            let bare = address.split(separator: "/").first.map(String.init) ?? address
            try await host.waitForPing(bare, within: bound)
        }
    }
}
