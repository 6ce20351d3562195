import LoopRuntime
import NIOCore
import NIOPosix

/// Runs a test's body with an event loop of its own.
func withLoop<Result: Sendable>(_ body: (LoopExecutor) async throws -> Result) async throws -> Result {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    do {
        let result = try await body(LoopExecutor(group.next()))
        try await group.shutdownGracefully()
        return result
    } catch {
        try? await group.shutdownGracefully()
        throw error
    }
}

extension LoopExecutor {
    func after(_ amount: TimeAmount) async throws {
        try await eventLoop.scheduleTask(in: amount) {}.futureResult.get()
    }

    /// Does something on the loop.
    func perform<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await eventLoop.submit(body).get()
    }
}
