import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    /// How a node ends, and what stays.
    @Suite(.serialized) struct EndTests {
        @Test(arguments: [SIGTERM, SIGINT])
        func aSignalEndsItCleanly(signal: Int32) async throws {
            try await Laboratory.with { laboratory in
                let mesh = try await TestMesh(in: laboratory)
                let node = mesh.nodes[0]
                let children = ProcessFacts.descendants(of: node.process.id)
                #expect(node.host.hasInterface(node.interface))
                node.process.signal(signal)
                #expect(try await node.waitUntilEnded(within: .seconds(5)) == .exited(0))
                #expect(!node.host.hasInterface(node.interface))
                #expect(!FileManager.default.fileExists(atPath: node.socket))
                #expect(children.allSatisfy { kill($0, 0) != 0 })
            }
        }

        /// Not even then does a userspace WireGuard outlive it, and it starts again over what it left.
        @Test func beingKilledIsNoTrouble() async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                let second = try mesh.addNode()
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                let before = try #require(second.status()).node
                let children = ProcessFacts.descendants(of: second.process.id)
                second.process.signal(SIGKILL)
                _ = try await second.waitUntilEnded(within: .seconds(5))
                try await eventually("its children end", within: .seconds(5)) { children.allSatisfy { kill($0, 0) != 0 } }
                try second.startAgain()
                let after = try await second.waitUntilUp().node
                #expect(after.peerID == before.peerID && after.addresses == before.addresses)
                // From the first: it goes on in a session that the second does not know any more.
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
            }
        }

        @Test func aNodeThatStopsStaysAMember() async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                let second = try mesh.addNode()
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                #expect(second.process.terminate(waitingAtMost: .seconds(5)) == .exited(0))
                try await mesh.nodes[0].waitUntil("sees that it is gone", within: .seconds(5)) {
                    $0.member("node-2")?.state == .unreachable
                }
                try second.startAgain()
                try await mesh.nodes[0].waitUntil("sees that it is back", within: .seconds(5)) { $0.member("node-2")?.state == .connected }
            }
        }

        /// All find out soon, also those who were not connected to it, and nobody forgets it.
        @Test func aNodeThatIsKilledIsShownAsUnreachable() async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                for _ in 0..<3 { try mesh.addNode() }
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                mesh.nodes[3].process.signal(SIGKILL)
                for node in mesh.nodes[0...2] {
                    try await node.waitUntil("sees that node-4 is gone", within: .seconds(20)) {
                        $0.member("node-4")?.state == .unreachable
                    }
                }
                try mesh.nodes[3].startAgain()
                for node in mesh.nodes[0...2] {
                    try await node.waitUntil("sees that node-4 is back", within: .seconds(20)) {
                        $0.member("node-4").map { $0.state == .connected || $0.state == .known } ?? false
                    }
                }
            }
        }

        @Test func leavingShows() async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                let second = try mesh.addNode()
                try mesh.addNode()
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                try second.leave()
                #expect(try await second.waitUntilEnded(within: .seconds(10)) == .exited(0))
                #expect(!second.host.hasInterface(second.interface))
                for node in [mesh.nodes[0], mesh.nodes[2]] {
                    try await node.waitUntil("sees that node-2 left", within: .seconds(10)) {
                        $0.member("node-2") == nil
                    }
                }
                try await mesh.nodes[0].waitForPing(of: mesh.nodes[2], within: EndToEnd.convergence)
            }
        }
    }
}
