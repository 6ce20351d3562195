import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    @Suite(.serialized) struct IdleTests {
        /// A page of the program that is read from disk counts as a sleep, too. A tick of once a second would show as twelve.
        private static let strayWakeUps = 2

        /// A node that has nothing to do sleeps: no tick, no poll.
        @Test func aNodeAtRestDoesNotWake() async throws {
            try await Laboratory.with { laboratory in
                let mesh = try await TestMesh(in: laboratory)
                let process = mesh.nodes[0].process.id
                try await waitForRest([process])
                let before = try #require(ProcessFacts.voluntarySwitches(process))
                try await Task.sleep(for: .seconds(12))
                let after = try #require(ProcessFacts.voluntarySwitches(process))
                print("a node at rest: \(after - before) wake-ups in 12 s")
                #expect(after - before <= Self.strayWakeUps)
            }
        }

        /// Most of a program that has just started is code that it does not need again soon.
        @Test func aNodeAtRestHoldsLittleOfItsCode() async throws {
            try await Laboratory.with { laboratory in
                let mesh = try await TestMesh(in: laboratory)
                let process = mesh.nodes[0].process.id
                let before = ProcessFacts.memory(process).resident
                try await eventually("it holds two thirds", within: .seconds(30)) { ProcessFacts.memory(process).resident < before / 3 * 2 }
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
                try await waitForRest(processes)
                let before = processes.compactMap(ProcessFacts.voluntarySwitches).reduce(0, +)
                try await Task.sleep(for: .seconds(30))
                let after = processes.compactMap(ProcessFacts.voluntarySwitches).reduce(0, +)
                print("two nodes at rest: \(after - before) wake-ups in 30 s")
                #expect(after - before <= 4 * Self.strayWakeUps)
            }
        }

        /// What follows a start (first announcements, probes) is over when nothing has happened for three seconds.
        private func waitForRest(_ processes: [pid_t]) async throws {
            var last: [Int?] = []
            try await eventually("it comes to rest", within: .seconds(60)) {
                let before = processes.map(ProcessFacts.voluntarySwitches)
                try await Task.sleep(for: .seconds(3))
                last = processes.map(ProcessFacts.voluntarySwitches)
                return before == last
            }
        }
    }
}
