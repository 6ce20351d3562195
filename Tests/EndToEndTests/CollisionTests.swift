import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    /// Nodes that claim the same.
    @Suite(.serialized) struct CollisionTests {
        private func withSmallRange(_ count: Int, _ body: (TestMesh) async throws -> Void) async throws {
            try await Laboratory.with { laboratory in
                var first = Node.Settings.withoutInterface
                first.overlayNets = ["10.77.0.8/29"]
                var mesh = try await TestMesh(in: laboratory, first: first)
                let token = mesh.token
                for _ in 1..<count {
                    try mesh.addNode {
                        $0 = .withoutInterface
                        $0.join = token
                    }
                }
                try await body(mesh)
            }
        }

        /// Settled, and alike on all nodes.
        private func waitForAddresses(_ mesh: TestMesh, owners: Int) async throws {
            try await eventually("all nodes agree on \(owners) addresses", within: .seconds(10)) {
                let views = mesh.nodes.map { node in
                    Dictionary((node.status()?.members ?? []).map { ($0.peerID, $0.addresses) }) { $1 }
                }
                let addresses = (views.first ?? [:]).values.flatMap(\.self)
                return views.allSatisfy { $0.count == mesh.nodes.count && $0 == views[0] } && addresses.count == owners
                    && Set(addresses).count == owners
            }
        }

        @Test func fiveNodesShareARangeOfSix() async throws {
            try await withSmallRange(5) { try await waitForAddresses($0, owners: 5) }
        }

        @Test func aFullRangeIsSaid() async throws {
            try await withSmallRange(7) { mesh in
                try await waitForAddresses(mesh, owners: 6)
                let homeless = try #require(mesh.nodes.first { $0.status()?.node.addresses.isEmpty == true })
                try await homeless.waitUntilSays(
                    #/has no free address; use a larger one, on all nodes, with --overlay-net.*range=10\.77\.0\.8\/29/#,
                    within: .seconds(5))
            }
        }

        /// Both say so, and the mesh stays at rest: nobody is lost, and the two do not outbid each other all the time.
        @Test(arguments: [false, true]) func aClonedNodeIsReportedOnBoth(isLate: Bool) async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory, first: .withoutInterface)
                let token = mesh.token
                func join(_ settings: inout Node.Settings) {
                    settings = .withoutInterface
                    settings.join = token
                }
                for _ in 0..<2 { try mesh.addNode(join) }
                try await mesh.waitUntilAllKnowEachOther(within: EndToEnd.convergence)
                let original = mesh.nodes[2]
                #expect(original.process.terminate(waitingAtMost: .seconds(5)) == .exited(0))
                try FileManager.default.copyItem(atPath: original.stateDirectory, toPath: "\(laboratory.directory)/node-4")
                try original.startAgain()
                if isLate { try await original.waitUntil("has been up for a while", within: .seconds(20)) { $0.node.uptimeSeconds > 5 } }
                let clone = try mesh.addNode(join)
                for node in [original, clone] {
                    try await node.waitUntilSays(
                        #/two machines run with one identity; start one of them with --init/#, within: .seconds(isLate ? 20 : 60))
                }
                let lines = {
                    mesh.nodes[0...1].map {
                        $0.log.matches(of: #/(member|peer) (changed|joined|left|unreachable|connected|disconnected)/#).count
                    }.reduce(0, +)
                }
                let before = lines()
                try await Task.sleep(for: .seconds(15))
                print("a clone: \(lines() - before) changes in 15 s at two nodes")
                #expect(lines() - before <= 8)
                for node in mesh.nodes[0...1] { #expect(node.status()?.members.count == 3) }
            }
        }
    }
}
