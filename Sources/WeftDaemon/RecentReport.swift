import LocalAPI
import LoopRuntime
import Timeline

/// The node's status for those who only look: however many ask, and however often, the node looks once a second at most.
actor RecentReport {
    static let freshness: Duration = .seconds(1)

    nonisolated let executor: LoopExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let status: @Sendable () async -> StatusReport
    private let clock: @Sendable () -> Instant
    private var last: (at: Instant, report: Task<StatusReport, Never>)?

    init(
        on executor: LoopExecutor, clock: @escaping @Sendable () -> Instant = Instant.now,
        status: @escaping @Sendable () async -> StatusReport
    ) {
        self.executor = executor
        self.clock = clock
        self.status = status
    }

    var report: StatusReport {
        get async {
            let now = clock()
            if let last, now - last.at < Self.freshness { return await last.report.value }
            let report = Task(executorPreference: executor) { await self.status() }
            last = (now, report)
            return await report.value
        }
    }
}
