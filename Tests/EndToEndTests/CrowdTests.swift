import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    /// Many nodes, without interfaces. Not in the virtual machine, which has no time for them: see scripts/test.
    @Suite(.serialized) struct CrowdTests {
        @Test func aCleanLeaveIsKnownToAllOfThirtyAtOnce() async throws {
            try await Laboratory.with { laboratory in
                let mesh = try await TestMesh.ofMany(30, in: laboratory, within: .seconds(30))
                let leaver = mesh.nodes[17]
                var waiting = mesh.nodes.filter { $0 !== leaver }
                let start = ContinuousClock.now
                try leaver.leave()
                try await eventually("all know that it left", within: .seconds(3)) {
                    waiting.removeAll { $0.log.contains("member left") }
                    return waiting.isEmpty
                }
                print("a clean leave: known to all of 30 after \(ContinuousClock.now - start)")
                for node in mesh.nodes where node !== leaver { #expect(node.status()?.members.count == 29) }
            }
        }
    }
}
