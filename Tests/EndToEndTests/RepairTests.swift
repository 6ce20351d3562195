import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    /// What somebody changes by hand, at the network of a running node.
    @Suite(.serialized) struct RepairTests {
        private static let repair = Duration.seconds(5)

        private func withMesh(_ body: (TestMesh, Node) async throws -> Void) async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                let node = try mesh.addNode()
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                try await body(mesh, node)
            }
        }

        /// Its addresses and routes, as `ip` shows them, in order.
        private func network(_ node: Node) throws -> [String] {
            let shown = try [["address"], ["route"], ["-6", "route"]].map {
                try node.host.ip(["-o"] + $0 + ["show", "dev", node.interface])
            }
            return shown.flatMap { $0.split(separator: "\n") }.map { line in
                // The index of the interface is another one when it is made anew.
                line.replacing(#/^\d+: /#, with: "").trimmingCharacters(in: .whitespaces)
            }.filter { !$0.contains("fe80:") }.sorted()  // those are the kernel's
        }

        private func expectRepair(_ node: Node, in mesh: TestMesh, of damage: () throws -> Void) async throws {
            let before = try network(node)
            try damage()
            try await eventually("the network is as before: \(before)", within: Self.repair, details: { node.process.tail }) {
                (try? network(node)) == before
            }
            try await mesh.waitForFullMesh(within: Self.repair)
            #expect(node.process.poll() == nil)
        }

        @Test func aDeletedInterfaceIsMadeAnew() async throws {
            try await withMesh { mesh, node in
                try await expectRepair(node, in: mesh) { try node.host.ip(["link", "delete", node.interface]) }
            }
        }

        @Test func anInterfaceThatWasSetDownIsSetUp() async throws {
            try await withMesh { mesh, node in
                try await expectRepair(node, in: mesh) { try node.host.ip(["link", "set", node.interface, "down"]) }
            }
        }

        @Test func removedAddressesComeBack() async throws {
            try await withMesh { mesh, node in
                try await expectRepair(node, in: mesh) {
                    try node.host.ip(["address", "flush", "dev", node.interface, "scope", "global"])
                }
            }
        }

        @Test func removedRoutesComeBack() async throws {
            try await withMesh { mesh, node in
                try await expectRepair(node, in: mesh) {
                    for family in ["-4", "-6"] {
                        try node.host.ip([family, "route", "flush", "dev", node.interface, "proto", "static"])
                    }
                }
            }
        }

        /// As where containers come and go: a look costs the time of all links and routes, and the last change is not missed.
        @Test func manyChangesAreOneLook() async throws {
            try await withMesh { mesh, node in
                let start = ContinuousClock.now
                let before = looks(of: node)
                try await expectRepair(node, in: mesh) {
                    for number in 1...100 { try node.host.ip(["route", "add", "192.0.2.\(number)/32", "dev", LabHost.link]) }
                    try node.host.ip(["link", "delete", node.interface])
                }
                let count = looks(of: node) - before
                #expect(count > 0 && count <= 1 + Int((ContinuousClock.now - start) / Self.restBetweenLooks))
            }
        }

        private func looks(of node: Node) -> Int { node.log.matches(of: #/network looked at/#).count }

        private static let restBetweenLooks = Duration.milliseconds(200)

        /// Nothing tells of it: it is seen when somebody asks for the status, or at the next change of anything.
        /// For userspace WireGuard, whose socket is at hand: see scripts/test.
        @Test func removedPeersComeBack() async throws {
            try await withMesh { mesh, node in
                let socket = "/var/run/wireguard/\(node.interface).sock"
                try Tools.run(["python3", "-c", Self.removal, socket])
                #expect(!node.host.pings(try #require(mesh.nodes[0].status()?.node.addresses.first)))
                try await node.waitUntil("has its peer again", within: Self.repair) { $0.member("node-1")?.endpoint != nil }
                try await mesh.waitForFullMesh(within: Self.repair)
            }
        }

        /// Removes all peers, by WireGuard's cross-platform interface.
        private static let removal = """
            import socket, sys
            link = socket.socket(socket.AF_UNIX)
            link.connect(sys.argv[1])
            link.sendall(b"set=1\\nreplace_peers=true\\n\\n")
            assert b"errno=0" in link.recv(100)
            """
    }
}
