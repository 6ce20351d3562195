/// One network namespace of a laboratory.
package struct LabHost: Sendable {
    /// The host's interface on the common network.
    package static let link = "eth0"

    package let name: String
    package let namespace: String
    package let ipv4: String
    package let ipv6: String

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
