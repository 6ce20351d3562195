import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    @Suite(.serialized) struct IdleTests {
        /// A node that has nothing to do sleeps: no tick, no poll.
        @Test func aNodeAtRestDoesNotWake() async throws {
            try await Laboratory.with { laboratory in
                let mesh = try await TestMesh(in: laboratory)
                let process = mesh.nodes[0].process.id
                try await waitForRest([process])
                let before = try #require(ProcessFacts.voluntarySwitches(process))
                try await Task.sleep(for: .seconds(12))
                #expect(ProcessFacts.voluntarySwitches(process) == before)
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
                #expect(after - before <= 60)
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
