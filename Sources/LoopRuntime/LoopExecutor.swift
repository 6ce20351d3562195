import NIOCore

/// Runs Swift concurrency on one NIO event loop: actors pinned to it share one thread, and nothing wakes up unless there is work.
///
/// The default executor of Swift on Linux keeps a pool of threads that tick once a second for ever; a daemon at rest must not.
package final class LoopExecutor: SerialExecutor, TaskExecutor {
    package let eventLoop: any EventLoop

    package init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute {
            job.runSynchronously(isolatedTo: self.asUnownedSerialExecutor(), taskExecutor: self.asUnownedTaskExecutor())
        }
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    package func checkIsolated() {
        eventLoop.preconditionInEventLoop()
    }

    package func isIsolatingCurrentContext() -> Bool? {
        eventLoop.inEventLoop
    }
}
