import LoopRuntime
import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import Testing
import Timeline

/// The time of an embedded loop is the test's own.
@Suite struct PacedWorkTests {
    private let loop = EmbeddedEventLoop()
    private let done = NIOLockedValueBox(0)
    private let now = NIOLockedValueBox(Instant.origin)

    /// Work that takes `milliseconds`.
    private func work(_ pace: PacedWork.Pace, takes milliseconds: Int) -> PacedWork {
        PacedWork(pace, eventLoop: loop, clock: { [now] in now.withLockedValue { $0 } }) { [done, now] in
            done.withLockedValue { $0 += 1 }
            now.withLockedValue { $0 = $0 + .milliseconds(milliseconds) }
        }
    }

    private func pass(_ milliseconds: Int) {
        now.withLockedValue { $0 = $0 + .milliseconds(milliseconds) }
        loop.advanceTime(by: .milliseconds(Int64(milliseconds)))
    }

    private var count: Int { done.withLockedValue { $0 } }

    @Test func theFirstIsDoneAtOnceAndManyMoreAreOne() {
        let work = work(.init(minimumRest: .milliseconds(50)), takes: 0)
        for _ in 0..<100 { work.ask() }
        #expect(count == 1)
        pass(49)
        #expect(count == 1)
        pass(1)
        #expect(count == 2)
        pass(1000)
        #expect(count == 2)
    }

    @Test func aDelayGathersWhatComesInABurst() {
        let work = work(.init(delay: .seconds(1)), takes: 0)
        for _ in 0..<10 {
            work.ask()
            pass(100)
        }
        #expect(count == 1)
    }

    @Test func dearWorkIsDoneSeldom() {
        let work = work(.init(minimumRest: .milliseconds(50)), takes: 10)
        work.ask()
        work.ask()
        pass(189)
        #expect(count == 1)
        pass(1)
        #expect(count == 2)
    }

    @Test func workOfManyItemsIsDoneMoreSeldom() {
        let work = PacedWork(
            .init(minimumRest: .milliseconds(50), restPerItem: .milliseconds(2)), eventLoop: loop,
            clock: { [now] in now.withLockedValue { $0 } },
            work: { [done] in done.withLockedValue { $0 += 1 } }, itemCount: { 100 })
        work.ask()
        work.ask()
        pass(249)
        #expect(count == 1)
        pass(1)
        #expect(count == 2)
    }

    @Test func theRestHasABound() {
        let work = work(.init(), takes: 60_000)
        work.ask()
        work.ask()
        pass(5000)
        #expect(count == 2)
    }

    @Test func itCanBeDoneNowOrNotAtAll() {
        let work = work(.init(delay: .seconds(1)), takes: 0)
        work.ask()
        work.doNow()
        #expect(count == 1)
        pass(2000)
        #expect(count == 1)
        work.ask()
        work.cancel()
        pass(2000)
        #expect(count == 1)
    }
}
