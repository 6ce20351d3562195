import HostProcess
import LoopRuntime
import NIOCore
import Timeline

/// Tells the service manager that the event loop turns, twice as often as it wants to hear. Without a watchdog there is none.
final class ServiceWatchdog: Sendable {
    private let repetition: RepeatedTask

    init?(_ manager: ServiceManager, on eventLoop: any EventLoop) {
        guard let interval = manager.watchdogInterval else { return nil }
        let pause = TimeAmount.nanoseconds((interval / 2).saturatedNanoseconds)
        repetition = eventLoop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { _ in manager.isAlive() }
    }

    func stop() { repetition.cancel() }
}
