import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    /// Is a member reached, and if not, why not?
    @Suite(.serialized) struct PingTests {
        private func refusal(_ node: Node, _ name: String) -> String {
            do { return "reached: \(try node.ping(name))" } catch { return "\(error)" }
        }

        @Test func itTellsWhereTheWayBreaks() async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                try mesh.addNode()
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                let (first, second) = (mesh.nodes[0], mesh.nodes[1])
                try await eventually("node-2 is reached", within: .seconds(30)) { (try? first.ping("node-2")) != nil }
                let report = try first.ping("node-2")
                #expect(report.contains(#/peering +connected/#), "\(report)")
                #expect(report.contains("last handshake"), "\(report)")
                for address in try #require(first.status()?.member("node-2")).addresses {
                    #expect(report.contains("\(address): 1 of 1 answered"), "\(report)")
                }
                #expect(refusal(first, "node-1").contains("is this node"))
                #expect(refusal(first, "node-9").contains("no member called node-9"))

                second.process.signal(SIGKILL)
                try await first.waitUntil("sees that node-2 is gone", within: .seconds(20)) { $0.member("node-2")?.state == .unreachable }
                try laboratory.setConnected(false, second.host)
                try await eventually("the tunnel is known to be cut", within: .seconds(60)) {
                    refusal(first, "node-2").contains(#/Neither peering .* nor the tunnel reach node-2/#)
                }
            }
        }
    }
}
