import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    /// Many nodes, without interfaces. Not in the virtual machine, which has no time for them: see scripts/test.
    @Suite(.serialized) struct CrowdTests {
        /// Neither side forgets the other, and nobody has to be restarted.
        @Test func twoHalvesOfTenFindEachOtherAfterNinetySeconds() async throws {
            try await Laboratory.with { laboratory in
                let mesh = try await TestMesh.ofMany(20, in: laboratory, within: .seconds(20))
                let halves = [mesh.nodes[0..<10], mesh.nodes[10..<20]]
                try laboratory.split(halves[1].map(\.host))
                try await Task.sleep(for: .seconds(90))
                for (half, others) in zip(halves, halves.reversed()) {
                    let names = Set(others.map(\.name))
                    for node in half {
                        let members = try #require(node.status()).members
                        #expect(members.count == 20, "\(node.name)")
                        #expect(members.contains { names.contains($0.name) && $0.state == .unreachable }, "\(node.name)")
                        #expect(!members.contains { names.contains($0.name) && $0.state == .connected }, "\(node.name)")
                    }
                }
                let healing = ContinuousClock.now
                try laboratory.split([])
                for node in mesh.nodes {
                    try await node.waitUntil("reaches all", within: .seconds(15) - (ContinuousClock.now - healing)) { status in
                        status.members.count == 20 && status.members.allSatisfy { $0.state != .unreachable }
                    }
                }
                print("10 | 10 for 90 s: healed after \(ContinuousClock.now - healing)")
                for node in mesh.nodes { #expect(try #require(node.status()).node.uptimeSeconds > 90) }
            }
        }

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
