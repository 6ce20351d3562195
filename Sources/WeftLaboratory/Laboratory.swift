import Foundation

/// Network namespaces on one bridge, as so many hosts in one local network. Whatever is made here ends with `tearDown`;
/// what a crashed run left behind, the next one sweeps away.
///
/// The networks look public (5.5.5.0/24, 2005:5:5::/64), because some libp2p implementations ignore addresses that do not.
/// To be used by one task at a time.
package final class Laboratory {
    package static let ipv4Network = "5.5.5"
    package static let ipv6Network = "2005:5:5:"
    private static let prefix = "weftlab-"

    /// Where nodes keep their state and their logs go.
    package let directory: String
    package private(set) var hosts: [LabHost] = []
    private let name: String
    private let bridge: String
    private var processes: [LabProcess] = []
    private var interfaces = 0

    /// Makes a laboratory, lets `body` work in it and takes it down, whatever happens. On failure all logs are told.
    package static func with<Value>(_ body: (Laboratory) async throws -> Value) async throws -> Value {
        let laboratory = try Laboratory()
        defer { laboratory.tearDown() }
        do {
            return try await body(laboratory)
        } catch {
            throw LaboratoryError("\(error)\n\(laboratory.logs)")
        }
    }

    package init() throws {
        Self.sweep()
        name = "\(Self.prefix)\(getpid())-\(Self.counter.next())"
        bridge = "\(name)-bridge"
        directory = NSTemporaryDirectory() + name
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        do {
            try Tools.run(["ip", "netns", "add", bridge])
            try Tools.run(["ip", "-n", bridge, "link", "add", "bridge0", "type", "bridge"])
            try Tools.run(["ip", "-n", bridge, "link", "set", "bridge0", "up"])
        } catch {
            tearDown()
            throw error
        }
    }

    /// A new host with an address of each family, connected to all others.
    package func addHost(_ hostName: String) throws -> LabHost {
        let number = hosts.count + 1
        guard number < 250 else { throw LaboratoryError("a laboratory has room for 249 hosts") }
        let host = LabHost(
            name: hostName, namespace: "\(name)-\(number)", ipv4: "\(Self.ipv4Network).\(number)", ipv6: "\(Self.ipv6Network):\(number)")
        try Tools.run(["ip", "netns", "add", host.namespace])
        hosts.append(host)
        try host.ip(["link", "set", "lo", "up"])
        try host.ip(["link", "add", LabHost.link, "type", "veth", "peer", "name", "port\(number)", "netns", bridge])
        try host.ip(["addr", "add", "\(host.ipv4)/24", "dev", LabHost.link])
        // Without duplicate address detection the address works at once.
        try host.ip(["addr", "add", "\(host.ipv6)/64", "dev", LabHost.link, "nodad"])
        try host.ip(["link", "set", LabHost.link, "up"])
        try Tools.run(["ip", "-n", bridge, "link", "set", "port\(number)", "master", "bridge0", "up"])
        return host
    }

    /// Starts a process on a host; it ends at the latest with the laboratory.
    package func start(_ command: [String], on host: LabHost, environment: [String: String]? = nil, log: String) throws -> LabProcess {
        // `ip netns exec` replaces itself by the command: the process id is the command's own.
        guard let program = command.first.flatMap(Tools.find) else { throw LaboratoryError("\(command) is not installed") }
        let process = try LabProcess(
            ["ip", "netns", "exec", host.namespace, program] + command.dropFirst(),
            environment: environment ?? ProcessInfo.processInfo.environment, outputPrefix: "\(directory)/\(log)")
        processes.append(process)
        return process
    }

    /// A name that no other interface has, not even in another namespace: the sockets of userspace WireGuard share a directory.
    package func newInterfaceName() -> String {
        interfaces += 1
        return "wl\(getpid())n\(Self.counter.next() % 1000)"
    }

    /// Cuts a host off from the others, or connects it again.
    package func setConnected(_ connected: Bool, _ host: LabHost) throws {
        guard let index = hosts.firstIndex(where: { $0.namespace == host.namespace }) else { return }
        try Tools.run(["ip", "-n", bridge, "link", "set", "port\(index + 1)", connected ? "up" : "down"])
    }

    /// The ends of all logs.
    package var logs: String {
        processes.map { "--- \($0.command.suffix(from: min(4, $0.command.count)).joined(separator: " "))\n\($0.tail)" }.joined(
            separator: "\n")
    }

    package func tearDown() {
        processes.forEach { $0.signal(SIGTERM) }
        for process in processes { _ = process.terminate(waitingAtMost: .seconds(5)) }
        processes = []
        for namespace in hosts.map(\.namespace) + [bridge] { Self.removeNamespace(namespace) }
        hosts = []
        try? FileManager.default.removeItem(atPath: directory)
    }
}

extension Laboratory {
    private static let counter = Counter()

    /// Removes what test runs left that are no more: their process id is part of the name.
    private static func sweep() {
        let namespaces = (try? FileManager.default.contentsOfDirectory(atPath: "/run/netns")) ?? []
        for namespace in namespaces where isStale(namespace) { removeNamespace(namespace) }
        let directory = NSTemporaryDirectory()
        let files = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        for file in files where isStale(file) { try? FileManager.default.removeItem(atPath: directory + file) }
    }

    private static func isStale(_ name: String) -> Bool {
        guard name.hasPrefix(prefix), let id = pid_t(name.dropFirst(prefix.count).prefix { $0.isNumber }), id > 0 else { return false }
        return kill(id, 0) != 0 && errno == ESRCH
    }

    /// With all that still runs in it: only what the laboratory put there can.
    private static func removeNamespace(_ namespace: String) {
        let inside = (try? Tools.run(["ip", "netns", "pids", namespace])) ?? ""
        for id in inside.split(whereSeparator: \.isWhitespace).compactMap({ pid_t($0) }) where id != getpid() { kill(id, SIGKILL) }
        _ = try? Tools.run(["ip", "netns", "delete", namespace])
    }
}

/// Distinct numbers for the laboratories of one process.
private final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var last = 0

    // Sendable is true because of the lock.
    func next() -> Int {
        lock.withLock {
            last += 1
            return last
        }
    }
}
