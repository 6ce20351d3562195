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
    }
}
