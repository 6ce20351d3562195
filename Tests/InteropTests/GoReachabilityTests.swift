import Foundation
import Testing
import WeftLaboratory

/// A node asks go-libp2p whether it can be reached, and the other way round, in networks that go-libp2p takes for public.
@Suite(
    .serialized, .enabled(if: Interop.go.isWanted, "\(Interop.go.hint)"),
    .enabled(if: Requirements.laboratory == nil, "\(Requirements.laboratory ?? "")"),
    .enabled(if: Tools.find("nft") != nil, "needs nft: run scripts/setup test"), .timeLimit(.minutes(4)))
struct GoReachabilityTests {
    private static let secret = [UInt8](repeating: 7, count: 32)
    private static let port = 4001

    /// A node that joins by a go-libp2p peer, and nobody else.
    private func withBoth(_ body: (_ node: Node, _ goHost: LabHost) async throws -> Void, closing rules: String = "") async throws {
        try await Laboratory.with { laboratory in
            let hosts = try laboratory.addHosts(["weft", "go"])
            try load(Self.counting, on: hosts[1], in: laboratory)
            if !rules.isEmpty { try load(rules, on: hosts[0], in: laboratory) }
            var environment = ProcessInfo.processInfo.environment
            environment["WEFT_INTEROP_PSK"] = Self.secret.map { String(format: "%02x", $0) }.joined()
            let address = "/ip4/\(hosts[1].ipv4)/tcp/\(Self.port)"
            let go = try laboratory.start(
                [Interop.go.interpreter, Interop.go.script, "--listen", address, "--topic", "weft/interop", "--quiet"], on: hosts[1],
                environment: environment, log: "go")
            try await eventually("go-libp2p listens", within: .seconds(60), details: { go.tail }) { go.output.contains("listening") }
            var settings = Node.Settings()
            settings.wireguard = "none"
            settings.clusterKey = Data(Self.secret).base64EncodedString()
            settings.join = "\(hosts[1].ipv4):\(Self.port)"
            let node = try Node("weft", on: hosts[0], in: laboratory, settings: settings)
            try await node.waitUntilUp()
            try await body(node, hosts[1])
        }
    }

    private static let counting = """
        table inet count {
            counter fresh {}
            chain input { type filter hook input priority 0; tcp dport \(port) ct state new counter name "fresh"; }
        }
        """

    private func load(_ rules: String, on host: LabHost, in laboratory: Laboratory) throws {
        let file = "\(laboratory.directory)/\(host.name).nft"
        try rules.write(toFile: file, atomically: true, encoding: .utf8)
        try host.run(["nft", "-f", file])
    }

    /// How many connections have come to the go-libp2p peer.
    private func fresh(_ host: LabHost) throws -> Int {
        let text = try host.run(["nft", "list", "counter", "inet", "count", "fresh"])
        return try #require(text.firstMatch(of: #/packets (\d+)/#).flatMap { Int($0.1) })
    }

    @Test func `it dials us back, and nobody is announced`() async throws {
        try await withBoth { node, _ in
            try await node.waitUntil("is public", within: .seconds(60)) { $0.node.reachability == "public" }
            #expect(node.log.components(separatedBy: "peer connected").count == 2, "\(node.log)")
            #expect(!node.log.contains("peer disconnected") && !node.log.contains("connection refused"), "\(node.log)")
        }
    }

    @Test func `behind a firewall it cannot`() async throws {
        try await withBoth(
            { node, _ in
                try await node.waitUntil("is private", within: .seconds(90)) { $0.node.reachability == "private" }
            },
            closing: """
                table inet filter {
                    chain input { type filter hook input priority 0; tcp dport 10042 ct state new drop; }
                }
                """)
    }

    /// go-libp2p asks whoever it is connected to and has told an address that the world knows.
    @Test func `we dial it back`() async throws {
        try await withBoth { node, goHost in
            try await eventually("it is dialled once more", within: .seconds(60), details: { node.log }) { try fresh(goHost) > 1 }
            try await node.waitUntilSays(#/peer connected/#, within: .seconds(10))
            #expect(node.log.components(separatedBy: "peer connected").count == 2, "by no connection of the node's own: \(node.log)")
            #expect(!node.log.contains("peer disconnected"), "\(node.log)")
        }
    }
}
