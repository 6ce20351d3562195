import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    /// Nodes that are gone for good.
    @Suite(.serialized) struct ForgetTests {
        /// What `weft forget` says, if it refuses.
        private func refusal(_ node: Node, _ name: String) -> String? {
            do {
                try node.forget(name)
                return nil
            } catch { return "\(error)" }
        }

        @Test func allForgetANodeThatIsGoneAndItCanComeBack() async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                for _ in 0..<2 { try mesh.addNode() }
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                let (first, second, gone) = (mesh.nodes[0], mesh.nodes[1], mesh.nodes[2])
                let before = try #require(gone.status()).node
                gone.process.signal(SIGKILL)
                for node in [first, second] {
                    try await node.waitUntil("sees that node-3 is gone", within: .seconds(20)) {
                        $0.member("node-3")?.state == .unreachable
                    }
                }
                #expect(refusal(first, "node-3")?.contains(#/lost only just now.*try again in \d+ s/#) == true)
                try await eventually("node-1 forgets node-3", within: .seconds(30)) { refusal(first, "node-3") == nil }
                for node in [first, second] {
                    try await node.waitUntil("has forgotten node-3", within: .seconds(5)) { $0.members.count == 2 }
                }

                // Not by a restart either, of one node after the other.
                for node in [second, first] {
                    #expect(node.process.terminate(waitingAtMost: .seconds(5)) == .exited(0))
                    try node.startAgain { $0.join = nil }
                    try await node.waitUntil("is back", within: .seconds(20)) { $0.members.count { $0.state == .connected } == 1 }
                    #expect(node.status()?.members.count == 2)
                }

                try gone.startAgain { $0.join = nil }
                let after = try await gone.waitUntilUp().node
                #expect(after.peerID == before.peerID && after.addresses == before.addresses)
                try await mesh.waitForFullMesh(within: .seconds(20))
            }
        }

        @Test func whoIsThereIsNotForgotten() async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                try mesh.addNode()
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                #expect(refusal(mesh.nodes[0], "node-2")?.contains("run `weft leave` there") == true)
                #expect(refusal(mesh.nodes[0], "node-1")?.contains("is this node") == true)
                #expect(refusal(mesh.nodes[0], "node-9")?.contains("no member called node-9") == true)
                try await mesh.waitUntilAllKnowEachOther(within: EndToEnd.convergence)
            }
        }
    }
}
