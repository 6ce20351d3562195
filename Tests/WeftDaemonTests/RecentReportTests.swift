import LocalAPI
import LoopRuntime
import NIOPosix
import Synchronization
import Testing
import Timeline

@testable import WeftDaemon

@Suite struct RecentReportTests {
    private final class Bench: Sendable {
        let now = Mutex(Instant.origin)
        let looks = Mutex(0)

        func recent(_ executor: LoopExecutor) -> RecentReport {
            RecentReport(on: executor, clock: { self.now.withLock { $0 } }) {
                let number = self.looks.withLock {
                    $0 += 1
                    return $0
                }
                let node = StatusReport.Node(
                    name: "node-\(number)", peerID: "", interface: "", wireguard: "", addresses: [], overlay: [], mesh: "", peeringPort: 0,
                    wireguardPort: 0, uptimeSeconds: 0, problems: [])
                return StatusReport(node: node, members: [])
            }
        }
    }

    @Test func manyAskAndTheNodeLooksOnce() async throws {
        let bench = Bench()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let recent = bench.recent(LoopExecutor(group.next()))
        await withTaskGroup(of: String.self) { tasks in
            for _ in 0..<64 { tasks.addTask { await recent.report.node.name } }
            for await name in tasks { #expect(name == "node-1") }
        }
        #expect(bench.looks.withLock { $0 } == 1)
        try await group.shutdownGracefully()
    }

    @Test func whatIsOldIsLookedAtAnew() async throws {
        let bench = Bench()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let recent = bench.recent(LoopExecutor(group.next()))
        #expect(await recent.report.node.name == "node-1")
        bench.now.withLock { $0 = .origin + RecentReport.freshness - .milliseconds(1) }
        #expect(await recent.report.node.name == "node-1")
        bench.now.withLock { $0 = .origin + RecentReport.freshness }
        #expect(await recent.report.node.name == "node-2")
        try await group.shutdownGracefully()
    }
}
