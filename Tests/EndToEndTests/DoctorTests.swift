import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    /// What `weft doctor` finds on a real machine.
    @Suite(.serialized, .enabled(if: Tools.find("nft") != nil, "needs nft: run scripts/setup test"))
    struct DoctorTests {
        @Test func itFindsWhatKeepsOthersOut() async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                try mesh.addNode()
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                let (first, second) = (mesh.nodes[0], mesh.nodes[1])
                let well = try first.doctor()
                #expect(well.contains(#/ok +node +node-1 answers, and knows 1 other member/#), "\(well)")
                #expect(well.contains(#/ok +firewall/#) && well.contains(#/ok +members +none is missed/#), "\(well)")
                #expect(!well.contains("FAULT"), "\(well)")

                let rules = "\(laboratory.directory)/rules"
                try "table inet f {\n chain in {\n type filter hook input priority 0; policy drop;\n tcp dport 22 accept\n }\n}\n"
                    .write(toFile: rules, atomically: true, encoding: .utf8)
                _ = try first.host.run(["nft", "-f", rules])
                #expect(Self.faults(first).contains(#/FAULT +firewall +the chain in drops .* no rule names 10042/tcp and 10042/udp/#))
                _ = try first.host.run(["nft", "flush", "ruleset"])

                // Without a node, its ports count. The other one would dial there, and the listener takes one connection and ends.
                for node in [first, second] { #expect(node.process.terminate(waitingAtMost: .seconds(10)) == .exited(0)) }
                let other = try laboratory.start(["nc", "-l", "10042"], on: second.host, log: "nc")
                defer { other.signal(SIGKILL) }
                try await eventually("the port is seen to be taken", within: .seconds(20)) {
                    Self.faults(second).contains(#/FAULT +ports +another program uses 10042/tcp/#)
                }
            }
        }

        private static func faults(_ node: Node) -> String {
            do { return try node.doctor() } catch { return "\(error)" }
        }
    }
}
