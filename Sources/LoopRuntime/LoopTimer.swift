import NIOCore
import Timeline

/// One deadline on an event loop, moved at will. All calls are made on the loop.
///
/// A machine has one next deadline; so one timer serves it, however many things the machine waits for.
package final class LoopTimer: Sendable {
    private struct Armed {
        var deadline: Instant
        var task: Scheduled<Void>
    }

    private let eventLoop: any EventLoop
    private let clock: @Sendable () -> Instant
    private let handler: @Sendable () -> Void
    private let armed: NIOLoopBoundBox<Armed?>

    /// - Parameter handler: called on the loop when a deadline has passed; the timer is unarmed then.
    package init(eventLoop: any EventLoop, clock: @escaping @Sendable () -> Instant = Instant.now, handler: @escaping @Sendable () -> Void)
    {
        self.eventLoop = eventLoop
        self.clock = clock
        self.handler = handler
        armed = .makeEmptyBox(eventLoop: eventLoop)
    }

    /// Whether a deadline is still to come.
    package var isArmed: Bool { armed.value != nil }

    /// Moves the deadline; `nil` takes it away.
    package func set(_ deadline: Instant?) {
        guard deadline != armed.value?.deadline else { return }
        armed.value?.task.cancel()
        armed.value = deadline.map { deadline in
            let delay = max(.zero, clock().duration(to: deadline))
            let task = eventLoop.scheduleTask(in: .nanoseconds(delay.saturatedNanoseconds)) { self.fire(deadline) }
            return Armed(deadline: deadline, task: task)
        }
    }

    private func fire(_ deadline: Instant) {
        guard armed.value?.deadline == deadline else { return }
        armed.value = nil
        handler()
    }
}
