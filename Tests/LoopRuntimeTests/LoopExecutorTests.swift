import LoopRuntime
import NIOCore
import Testing

/// An actor that lives on a loop.
private actor Pinned {
    private nonisolated let executor: LoopExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private(set) var count = 0

    init(_ executor: LoopExecutor) {
        self.executor = executor
    }

    func increment() -> Bool {
        count += 1
        return executor.eventLoop.inEventLoop
    }
}

@Suite struct LoopExecutorTests {
    @Test func anActorRunsOnItsLoop() async throws {
        try await withLoop { executor in
            let actor = Pinned(executor)
            #expect(await actor.increment())
            #expect(await actor.count == 1)
        }
    }

    @Test func onTheLoopItsActorsAreAtHand() async throws {
        try await withLoop { executor in
            let actor = Pinned(executor)
            let count = try await executor.perform {
                actor.assumeIsolated { actor in
                    _ = actor.increment()
                    return actor.count
                }
            }
            #expect(count == 1)
        }
    }

    @Test func tellsWhetherItIsTheCurrentOne() async throws {
        try await withLoop { executor in
            #expect(executor.isIsolatingCurrentContext() == false)
            let onLoop = try await executor.perform { executor.isIsolatingCurrentContext() }
            #expect(onLoop == true)
        }
    }

    @Test func aTaskThatPrefersTheLoopStaysOnIt() async throws {
        try await withLoop { executor in
            let task = Task(executorPreference: executor) {
                let before = executor.eventLoop.inEventLoop
                try? await executor.after(.milliseconds(5))
                return before && executor.eventLoop.inEventLoop
            }
            #expect(await task.value)
        }
    }

    @Test func manyCallsFromManyTasksAreSerial() async throws {
        try await withLoop { executor in
            let actor = Pinned(executor)
            await withTaskGroup { group in
                for _ in 0..<20 {
                    group.addTask {
                        for _ in 0..<200 { _ = await actor.increment() }
                    }
                }
            }
            #expect(await actor.count == 4000)
        }
    }
}
