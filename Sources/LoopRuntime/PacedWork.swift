import NIOCore
import Timeline

/// Work that each of many changes asks for, and that costs the more the more there is: done soon, but so seldom that it takes no more
/// than a small share of the loop's time. All calls are made on the loop.
package final class PacedWork: Sendable {
    /// How seldom, and how soon.
    package struct Pace: Sendable {
        /// From the first change until the work begins: so many changes are one piece of work.
        package var delay: Duration = .zero
        /// After the work it rests for so many times as long as it took,
        package var restFactor = 19
        /// and never for less,
        package var minimumRest: Duration = .zero
        /// with so much added for each item that the work is about,
        package var restPerItem: Duration = .zero
        /// nor for more.
        package var maximumRest: Duration

        package init(
            delay: Duration = .zero, minimumRest: Duration = .zero, restPerItem: Duration = .zero, maximumRest: Duration = .seconds(5)
        ) {
            self.delay = delay
            self.minimumRest = minimumRest
            self.restPerItem = restPerItem
            self.maximumRest = maximumRest
        }
    }

    private let pace: Pace
    private let clock: @Sendable () -> Instant
    private let work: @Sendable () -> Void
    private let timer: LoopTimer
    private let restEnd: NIOLoopBoundBox<Instant>

    /// - Parameters:
    ///   - work: called on the loop.
    ///   - itemCount: of how many items the work was; called after it.
    package init(
        _ pace: Pace, eventLoop: any EventLoop, clock: @escaping @Sendable () -> Instant = Instant.now,
        work: @escaping @Sendable () -> Void, itemCount: @escaping @Sendable () -> Int = { 0 }
    ) {
        let restEnd = NIOLoopBoundBox(Instant.origin, eventLoop: eventLoop)
        let paced: @Sendable () -> Void = {
            let start = clock()
            work()
            let end = clock()
            let leastRest = pace.minimumRest + pace.restPerItem * itemCount()
            restEnd.value = end + min(max((end - start) * pace.restFactor, leastRest), pace.maximumRest)
        }
        self.pace = pace
        self.clock = clock
        self.work = paced
        self.restEnd = restEnd
        timer = LoopTimer(eventLoop: eventLoop, clock: clock, handler: paced)
    }

    /// Something has changed: the work is done as soon as the pace allows, which may be before this returns.
    package func ask() {
        guard !timer.isArmed else { return }
        let now = clock()
        let due = max(now + pace.delay, restEnd.value)
        if due > now { timer.set(due) } else { work() }
    }

    /// Does the work at once, asked for or not.
    package func doNow() {
        timer.set(nil)
        work()
    }

    /// What has been asked for is not done.
    package func cancel() {
        timer.set(nil)
    }
}
