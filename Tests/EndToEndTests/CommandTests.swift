import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    /// What the commands print that other tests do not read.
    @Suite(.serialized) struct CommandTests {
        @Test func peersAreThoseWhoAreConnected() async throws {
            try await Laboratory.with { laboratory in
                let mesh = try await TestMesh.ofMany(3, in: laboratory, within: EndToEnd.convergence)
                let binary = try #require(WeftBinary.path)
                for node in mesh.nodes {
                    let connected = try #require(node.status()).members.filter { $0.state == .connected }
                    let printed = try node.host.run([binary, "peers", "--socket", node.socket])
                    #expect(!connected.isEmpty && connected.allSatisfy { printed.contains($0.name) && printed.contains($0.peerID) })
                    #expect(!printed.contains("\(node.name) "))
                }
            }
        }

        @Test func watchingGoesOnUntilItIsInterrupted() async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory, first: .withoutInterface)
                let binary = try #require(WeftBinary.path)
                let node = mesh.nodes[0]
                let watch = try laboratory.start([binary, "status", "--watch", "--socket", node.socket], on: node.host, log: "watch")
                try await eventually("it shows the node", within: .seconds(10)) { watch.output.contains("node-1") }
                #expect(!watch.output.contains("node-2"))
                try mesh.addNode { $0.wireguard = "none" }
                try await eventually("it shows the one that came", within: .seconds(20)) { watch.output.contains("node-2") }
                #expect(!watch.output.contains("\u{1b}"), "no colours but on a terminal")
                watch.signal(SIGINT)
                try await eventually("it ends", within: .seconds(5)) { watch.poll() != nil }
            }
        }
    }
}
