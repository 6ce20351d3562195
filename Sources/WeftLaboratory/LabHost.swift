import CLinux
import Foundation

/// One network namespace of a laboratory.
package struct LabHost: Sendable {
    /// The host's interface on the common network.
    package static let link = "eth0"

    package let name: String
    package let namespace: String
    package let ipv4: String
    package let ipv6: String

    /// What makes it a host of the common network, as lines for `ip -batch`.
    func addressing(_ topology: Laboratory.Topology) -> [String] {
        let (ipv4Length, ipv6Length) = topology == .bridged ? (16, 64) : (32, 128)
        return [
            "link set lo up",
            // No link-local address, and so no router solicitation every now and then: a host at rest sends nothing by itself.
            "link set \(Self.link) addrgenmode none",
            "address add \(ipv4)/\(ipv4Length) dev \(Self.link)",
            // Without duplicate address detection the address works at once.
            "address add \(ipv6)/\(ipv6Length) dev \(Self.link) nodad",
            "link set \(Self.link) up",
        ] + topology.defaultRoutes
    }

    /// Gives the host other addresses on the common network, which end in that number. Its own fields keep the old ones.
    package func move(toHost number: Int) throws {
        try ip(["address", "flush", "dev", Self.link, "scope", "global"])
        try ip(["address", "add", "\(Laboratory.ipv4Network).255.\(number)/16", "dev", Self.link])
        try ip(["address", "add", "\(Laboratory.ipv6Network):ff:\(number)/64", "dev", Self.link, "nodad"])
    }

    /// `ip ARGUMENTS` inside.
    @discardableResult
    package func ip(_ arguments: [String]) throws -> String {
        try Tools.run(["ip", "-n", namespace] + arguments)
    }

    /// A quick command inside, to its end.
    @discardableResult
    package func run(_ command: [String], atMost bound: Duration = .seconds(20)) throws -> String {
        try Tools.run(["ip", "netns", "exec", namespace] + command, atMost: bound)
    }

    package func hasInterface(_ name: String) -> Bool {
        (try? ip(["link", "show", "dev", name])) != nil
    }

    /// One echo request; waits at most a second for the answer.
    package func pings(_ address: String) -> Bool {
        (try? run(["ping", "-n", "-q", "-c", "1", "-W", "1", address])) != nil
    }

    /// Pings until an answer comes. A first WireGuard handshake may be lost, so one try proves nothing.
    package func waitForPing(_ address: String, within bound: Duration) async throws {
        try await eventually("ping from \(name) to \(address)", within: bound) { pings(address) }
    }
}

extension LabHost {
    /// A host that can be gone into without a further program.
    package final class Entered {
        private let own: Int32
        private let other: Int32

        fileprivate init(own: Int32, other: Int32) {
            self.own = own
            self.other = other
        }

        deinit {
            close(own)
            close(other)
        }

        /// The calling thread is on the host while `body` runs, and what it starts stays there.
        package func inside<Value>(_ body: () throws -> Value) throws -> Value {
            guard weft_enter_network(other) == 0 else { throw LaboratoryError("setns: \(String(cString: strerror(errno)))") }
            defer { _ = weft_enter_network(own) }
            return try body()
        }
    }

    package func entered() throws -> Entered {
        let own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        let other = open("/run/netns/\(namespace)", O_RDONLY | O_CLOEXEC)
        guard own >= 0, other >= 0 else { throw LaboratoryError("\(namespace): \(String(cString: strerror(errno)))") }
        return Entered(own: own, other: other)
    }
}
