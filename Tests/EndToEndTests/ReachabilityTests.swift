import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    /// Whether a node can be reached, as it finds out by itself. The laboratory's networks look public.
    @Suite(.serialized, .enabled(if: Tools.find("nft") != nil, "needs nft: run scripts/setup test"))
    struct ReachabilityTests {
        /// From the first connection to the answer: the first question, and the time that a dial-back may take.
        private static let verdict = Duration.seconds(40)

        private func rules(_ rules: String, on host: LabHost, in laboratory: Laboratory) throws {
            let file = "\(laboratory.directory)/\(host.name).nft"
            try rules.write(toFile: file, atomically: true, encoding: .utf8)
            try host.run(["nft", "-f", file])
        }

        @Test func aNodeBehindAFirewallLearnsIt() async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory, first: .withoutInterface)
                let closed = try laboratory.addHost("closed")
                try rules(
                    """
                    table inet filter {
                        chain input { type filter hook input priority 0; tcp dport 10042 ct state new drop; }
                    }
                    """, on: closed, in: laboratory)
                let token = mesh.token
                for host in [nil, closed] {
                    try mesh.addNode(on: host) {
                        $0 = .withoutInterface
                        $0.join = token
                    }
                }
                try await mesh.waitUntilAllKnowEachOther(within: .seconds(10))
                let expected = ["public", "public", "private"]
                for (node, reachability) in zip(mesh.nodes, expected) {
                    try await node.waitUntil("is \(reachability)", within: Self.verdict) { $0.node.reachability == reachability }
                }
                #expect(Self.doctor(mesh.nodes[0]).contains(#/ok +reach +members outside/#))
                #expect(Self.doctor(mesh.nodes[2]).contains(#/note +reach .* could not/#), "and that is no fault")
                try expectQuiet(mesh.nodes)
            }
        }

        /// A node without an interface says itself that it has none.
        private static func doctor(_ node: Node) -> String {
            do { return try node.doctor() } catch { return "\(error)" }
        }

        /// Dial-backs are nobody's connections: three nodes have had to do with two peers each, once.
        private func expectQuiet(_ nodes: [Node]) throws {
            for node in nodes {
                let own = try #require(node.status()).node.peerID
                let peers = nodes.compactMap { $0.status()?.node.peerID }.filter { $0 != own }
                for line in node.log.split(separator: "\n") where line.contains("peer connected") || line.contains("peer disconnected") {
                    #expect(peers.contains { line.contains($0) }, "\(node.name): \(line)")
                }
                #expect(!node.log.contains("connection refused") && !node.log.contains("warning"), "\(node.name)")
                #expect(!node.log.contains("one identity"))
            }
        }

        /// A router that translates addresses lets nobody in, unless it was asked to.
        @Test(.enabled(if: HomeNetwork.requirement == nil, "\(HomeNetwork.requirement ?? "")"))
        func aNodeBehindANATLearnsIt() async throws {
            try await HomeNetwork.with([.pcp]) { network in
                var settings = Node.Settings.withoutInterface
                settings.clusterKey = EndToEnd.randomKey()
                let outside = try Node("outside", on: network.outside, in: network.laboratory, settings: settings)
                try await outside.waitUntilUp()
                settings.join = network.outside.ipv4
                let home = try Node("home", on: network.home, in: network.laboratory, settings: settings)
                try await home.waitUntil("is private", within: Self.verdict) { $0.node.reachability == "private" }
                try await outside.waitUntil("is public", within: Self.verdict) { $0.node.reachability == "public" }
                #expect(home.process.terminate(waitingAtMost: .seconds(5)) == .exited(0))
                try home.startAgain { $0.mapsPorts = true }
                try await home.waitUntil("is public", within: .seconds(120)) { $0.node.reachability == "public" }
            }
        }
    }
}
