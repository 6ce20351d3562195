import Foundation

/// Network namespaces around one in the middle, as so many hosts in one network. Whatever is made here ends with `tearDown`;
/// what a crashed run left behind, the next one sweeps away.
///
/// The networks look public (5.5.0.0/16, 2005:5:5::/64), because some libp2p implementations ignore addresses that do not.
/// To be used by one task at a time.
package final class Laboratory {
    package static let ipv4Network = "5.5"
    package static let ipv6Network = "2005:5:5:"

    /// Where nodes keep their state and their logs go.
    package let directory: String
    package private(set) var hosts: [LabHost] = []
    private let name: String
    private let topology: Topology
    /// The namespace in the middle.
    private let hub: String
    private var processes: [LabProcess] = []
    private var interfaces = 0

    /// Makes a laboratory, lets `body` work in it and takes it down, whatever happens. On failure all logs are told.
    package static func with<Value>(
        _ topology: Topology = .bridged, _ body: (Laboratory) async throws -> Value
    ) async throws -> Value {
        let laboratory = try Laboratory(topology)
        defer { laboratory.tearDown() }
        do {
            return try await body(laboratory)
        } catch {
            throw LaboratoryError("\(error)\n\(laboratory.logs)")
        }
    }

    package init(_ topology: Topology = .bridged) throws {
        Self.sweep()
        self.topology = topology
        name = "\(Self.prefix)\(getpid())-\(Self.counter.next())"
        hub = "\(name)-hub"
        directory = NSTemporaryDirectory() + name
        // As /run/weft: a node is root no more when it takes its socket away.
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o1777])
        do {
            try Tools.run(["ip", "netns", "add", hub])
            switch topology {
            case .bridged: try batch(["link add bridge0 type bridge", "link set bridge0 up"], in: hub)
            case .routed:
                let forwarding = ["ipv4/ip_forward", "ipv6/conf/all/forwarding"].map { "echo 1 > /proc/sys/net/\($0)" }
                try Tools.run(["ip", "netns", "exec", hub, "sh", "-c", forwarding.joined(separator: " && ")])
            }
        } catch {
            tearDown()
            throw error
        }
    }

    /// A new host with an address of each family, connected to all others.
    package func addHost(_ hostName: String) throws -> LabHost {
        try addHosts([hostName])[0]
    }

    /// New hosts, quickly: for hundreds of them.
    @discardableResult
    package func addHosts(_ names: [String]) throws -> [LabHost] {
        guard hosts.count + names.count <= topology.maximumHosts else {
            throw LaboratoryError("a laboratory has room for \(topology.maximumHosts) hosts")
        }
        let first = hosts.count + 1
        let added = names.enumerated().map { host(numbered: first + $0.offset, $0.element) }
        // Before they are made: what is made only in part is removed as well.
        hosts += added
        let ports = added.indices.map { "port\(first + $0)" }
        try batch(added.map { "netns add \($0.namespace)" })
        try batch(
            zip(added, ports).map { host, port in
                let (inner, outer) = (topology.hubLinkAddress, topology.hostLinkAddress)
                return "link add \(port) \(inner) netns \(hub) type veth peer name \(LabHost.link) \(outer) netns \(host.namespace)"
            })
        for host in added { try batch(host.addressing(topology), in: host.namespace) }
        try batch(zip(added, ports).flatMap { topology.attachment(of: $0, at: $1) }, in: hub)
        return added
    }

    private func host(numbered number: Int, _ hostName: String) -> LabHost {
        // From 5.5.5.1 on, without addresses that end in 0 or 255.
        let (high, low) = (number - 1).quotientAndRemainder(dividingBy: 250)
        return LabHost(
            name: hostName, namespace: "\(name)-\(number)", ipv4: "\(Self.ipv4Network).\(5 + high).\(1 + low)",
            ipv6: "\(Self.ipv6Network):\(number)")
    }

    /// Many commands of `ip` by one process, in a namespace or, by default, in this process's own.
    private func batch(_ lines: [String], in namespace: String? = nil) throws {
        let file = "\(directory)/ip-batch"
        try lines.map { $0 + "\n" }.joined().write(toFile: file, atomically: false, encoding: .utf8)
        defer { unlink(file) }
        try Tools.run(["ip"] + (namespace.map { ["-n", $0] } ?? []) + ["-batch", file], atMost: .seconds(120))
    }

    /// Starts a process on a host; it ends at the latest with the laboratory.
    package func start(
        _ command: [String], on host: LabHost, environment: [String: String]? = nil, log: String, input: Int32? = nil
    ) throws -> LabProcess {
        // `ip netns exec` replaces itself by the command: the process id is the command's own.
        guard let program = command.first.flatMap(Tools.find) else { throw LaboratoryError("\(command) is not installed") }
        let process = try LabProcess(
            ["ip", "netns", "exec", host.namespace, program] + command.dropFirst(),
            environment: environment ?? ProcessInfo.processInfo.environment, outputPrefix: "\(directory)/\(log)", input: input)
        processes.append(process)
        return process
    }

    /// Starts a process on a host that was entered before, and so at once. What it says goes to a descriptor.
    package func start(
        _ command: [String], on host: LabHost.Entered, environment: [String: String], log: Int32
    ) throws -> LabProcess {
        let process = try host.inside { try LabProcess(command, environment: environment, log: log) }
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
        guard topology == .bridged else { throw LaboratoryError("a router forgets the way to a host whose link is down") }
        guard let index = hosts.firstIndex(where: { $0.namespace == host.namespace }) else { return }
        try Tools.run(["ip", "-n", hub, "link", "set", "port\(index + 1)", connected ? "up" : "down"])
    }

    /// Puts hosts on a network of their own, or all back on one. Their links stay up, as behind a switch that has failed.
    package func split(_ apart: [LabHost]) throws {
        guard topology == .bridged else { throw LaboratoryError("a router has no second network") }
        let others = "bridge1"
        if (try? Tools.run(["ip", "-n", hub, "link", "show", others])) == nil {
            try batch(["link add \(others) type bridge", "link set \(others) up"], in: hub)
        }
        let names = Set(apart.map(\.namespace))
        try batch(
            hosts.enumerated().map { index, host in
                "link set port\(index + 1) master \(names.contains(host.namespace) ? others : "bridge0")"
            }, in: hub)
    }

    /// The ends of all logs.
    package var logs: String {
        processes.map { "--- \($0.command.suffix(from: min(4, $0.command.count)).joined(separator: " "))\n\($0.tail)" }.joined(
            separator: "\n")
    }

    /// - Parameter patience: for each process to end by itself before it is killed.
    package func tearDown(patience: Duration = .seconds(5)) {
        processes.forEach { $0.signal(patience > .zero ? SIGTERM : SIGKILL) }
        for process in processes { _ = process.terminate(waitingAtMost: patience) }
        processes = []
        Self.removeNamespaces(hosts.map(\.namespace) + [hub])
        hosts = []
        try? FileManager.default.removeItem(atPath: directory)
    }
}
