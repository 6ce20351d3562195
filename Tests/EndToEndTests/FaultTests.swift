import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    /// Machines that go down and come up again, some or all at once.
    @Suite(.serialized) struct FaultTests {
        private func addresses(_ nodes: [Node]) throws -> [[String]] {
            try nodes.map { try #require($0.status(), "\($0.name)").node.addresses }
        }

        private func kill(_ nodes: some Sequence<Node>) async throws {
            for node in nodes { node.process.signal(SIGKILL) }
            for node in nodes { _ = try await node.waitUntilEnded(within: .seconds(5)) }
        }

        /// Its token is of no use any more, and is not given.
        private func startAgain(_ nodes: some Sequence<Node>) throws {
            for node in nodes { try node.startAgain { $0.join = nil } }
        }

        @Test func halfOfTheNodesAreKilledAndComeBack() async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                for _ in 0..<3 { try mesh.addNode() }
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                let before = try addresses(mesh.nodes)
                try await kill(mesh.nodes[2...])
                try startAgain(mesh.nodes[2...])
                try await mesh.waitForFullMesh(within: .seconds(40))
                #expect(try addresses(mesh.nodes) == before)
                try await mesh.waitUntilAllKnowEachOther(within: EndToEnd.convergence)
            }
        }

        @Test(arguments: [SIGTERM, SIGKILL]) func allNodesRestartAtOnce(signal: Int32) async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                for _ in 0..<3 { try mesh.addNode() }
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                let before = try addresses(mesh.nodes)
                try await mesh.nodes[3].waitUntil("has saved whom it knows", within: .seconds(5)) { $0.node.uptimeSeconds > 2 }
                for node in mesh.nodes { node.process.signal(signal) }
                for node in mesh.nodes { _ = try await node.waitUntilEnded(within: .seconds(5)) }
                try startAgain(mesh.nodes)
                try await mesh.waitForFullMesh(within: .seconds(40))
                #expect(try addresses(mesh.nodes) == before)
                try await mesh.waitUntilAllKnowEachOther(within: EndToEnd.convergence)
            }
        }

        /// The token of all named it alone.
        @Test func theFirstNodeIsGoneForEver() async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                for _ in 0..<2 { try mesh.addNode() }
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                let (first, second, third) = (mesh.nodes[0], mesh.nodes[1], mesh.nodes[2])
                let before = try addresses([second, third])
                try await third.waitUntil("has saved whom it knows", within: .seconds(5)) { $0.node.uptimeSeconds > 2 }
                try await kill([first])
                #expect(third.process.terminate(waitingAtMost: .seconds(5)) == .exited(0))
                try startAgain([third])
                try await third.waitForPing(of: second, within: .seconds(10))
                try await second.waitForPing(of: third, within: .seconds(20))
                #expect(try addresses([second, third]) == before)
            }
        }
    }
}
