import NIOCore
import NIOPosix

/// The process's one thread of work.
package enum LoopRuntime {
    /// Runs `body` to its end on a fresh event loop and returns what it returned. Called once, from a synchronous `main`.
    package static func run(_ body: @escaping @Sendable (LoopExecutor) async -> Int32) -> Int32 {
        NIOSingletons.singletonsEnabledSuggestion = false
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let executor = LoopExecutor(loop)
        let ended = loop.makePromise(of: Int32.self)
        Task(executorPreference: executor) {
            ended.succeed(await body(executor))
        }
        // The promise never fails; a status of 70 (EX_SOFTWARE) would say that it did.
        return (try? ended.futureResult.wait()) ?? 70
    }
}
