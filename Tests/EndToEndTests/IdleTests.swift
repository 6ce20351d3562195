import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    @Suite(.serialized) struct IdleTests {
        /// A tick of once a second would show as twelve.
        private static let strayWakeUps = 2

        /// A node that has nothing to do sleeps: no tick, no poll.
        @Test func aNodeAtRestDoesNotWake() async throws {
            try await Laboratory.with { laboratory in
                let mesh = try await TestMesh(in: laboratory)
                let process = mesh.nodes[0].process.id
                try await waitForRest(mesh.nodes)
                let before = try #require(ProcessFacts.idleSwitches(process))
                try await Task.sleep(for: .seconds(12))
                let after = try #require(ProcessFacts.idleSwitches(process))
                print("a node at rest: \(after - before) wake-ups in 12 s")
                #expect(after - before <= Self.strayWakeUps)
            }
        }

        /// Most of a program that has just started is code that it does not need again soon.
        @Test func aNodeAtRestHoldsLittleOfItsCode() async throws {
            try await Laboratory.with { laboratory in
                let mesh = try await TestMesh(in: laboratory)
                try await waitUntilCodeIsGivenBack(mesh.nodes[0])
                #expect(mesh.nodes[0].status() != nil, "and goes on")
            }
        }

        /// Two nodes that are connected may keep their connection alive, now and then.
        @Test func aMeshAtRestHardlyWakes() async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                try mesh.addNode()
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                let processes = mesh.nodes.map(\.process.id)
                try await waitForRest(mesh.nodes)
                let before = processes.compactMap(ProcessFacts.idleSwitches).reduce(0, +)
                try await Task.sleep(for: .seconds(30))
                let after = processes.compactMap(ProcessFacts.idleSwitches).reduce(0, +)
                print("two nodes at rest: \(after - before) wake-ups in 30 s")
                #expect(after - before <= 4 * Self.strayWakeUps)
            }
        }

        /// What follows a start is over when a node has given code back that it does not need any more, and then nothing has happened for
        /// three seconds.
        private func waitForRest(_ nodes: [Node]) async throws {
            for node in nodes { try await waitUntilCodeIsGivenBack(node) }
            let processes = nodes.map(\.process.id)
            var last: [Int?] = []
            try await eventually("it comes to rest", within: .seconds(60)) {
                let before = processes.map(ProcessFacts.idleSwitches)
                try await Task.sleep(for: .seconds(3))
                last = processes.map(ProcessFacts.idleSwitches)
                return before == last
            }
        }

        /// It does so some seconds after a change, or a question: one is asked, as it may have been before.
        private func waitUntilCodeIsGivenBack(_ node: Node) async throws {
            var most = ProcessFacts.memory(node.process.id).resident
            #expect(node.status() != nil)
            try await eventually("\(node.name) holds two thirds", within: .seconds(30)) {
                let now = ProcessFacts.memory(node.process.id).resident
                most = max(most, now)
                return now < most / 3 * 2
            }
        }
    }
}
