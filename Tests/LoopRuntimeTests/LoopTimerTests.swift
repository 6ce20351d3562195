import LoopRuntime
import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import Testing
import Timeline

/// The time of an embedded loop is the test's own.
@Suite struct LoopTimerTests {
    private let loop = EmbeddedEventLoop()
    private let fired = NIOLockedValueBox(0)
    private let now = NIOLockedValueBox(Instant.origin)

    private func timer(_ handler: @escaping @Sendable () -> Void = {}) -> LoopTimer {
        LoopTimer(eventLoop: loop, clock: { [now] in now.withLockedValue { $0 } }) { [fired] in
            fired.withLockedValue { $0 += 1 }
            handler()
        }
    }

    private func pass(_ seconds: Int) {
        now.withLockedValue { $0 = $0 + .seconds(seconds) }
        loop.advanceTime(by: .seconds(Int64(seconds)))
    }

    private var count: Int { fired.withLockedValue { $0 } }

    @Test func firesOnceAtItsDeadline() {
        let timer = timer()
        timer.set(.origin + .seconds(3))
        pass(2)
        #expect(count == 0)
        pass(1)
        #expect(count == 1)
        pass(100)
        #expect(count == 1)
    }

    @Test func aDeadlineThatHasPassedFiresAtOnce() {
        let timer = timer()
        pass(10)
        timer.set(.origin + .seconds(3))
        loop.run()
        #expect(count == 1)
    }

    @Test func canBeMovedEitherWay() {
        let timer = timer()
        timer.set(.origin + .seconds(3))
        timer.set(.origin + .seconds(5))
        pass(4)
        #expect(count == 0)
        pass(1)
        #expect(count == 1)
        timer.set(.origin + .seconds(50))
        timer.set(.origin + .seconds(6))
        pass(1)
        #expect(count == 2)
        pass(100)
        #expect(count == 2)
    }

    @Test func canBeTakenAwayAndSetAgain() {
        let timer = timer()
        timer.set(.origin + .seconds(3))
        timer.set(nil)
        pass(10)
        #expect(count == 0)
        timer.set(.origin + .seconds(12))
        pass(2)
        #expect(count == 1)
    }

    @Test func theSameDeadlineAgainIsNoNews() {
        let timer = timer()
        for _ in 0..<1000 { timer.set(.origin + .seconds(3)) }
        pass(3)
        #expect(count == 1)
    }

    @Test func canBeSetAgainFromItsHandler() {
        let box = NIOLockedValueBox<LoopTimer?>(nil)
        let timer = timer { [fired] in
            if fired.withLockedValue({ $0 }) == 1 { box.withLockedValue { $0 }?.set(.origin + .seconds(5)) }
        }
        box.withLockedValue { $0 = timer }
        timer.set(.origin + .seconds(3))
        pass(3)
        #expect(count == 1)
        pass(2)
        #expect(count == 2)
        box.withLockedValue { $0 = nil }
    }

    @Test func theEndOfTimeIsFarAway() {
        let timer = timer()
        timer.set(Instant(nanoseconds: .max))
        pass(1_000_000)
        #expect(count == 0)
        timer.set(Instant(nanoseconds: .min))
        loop.run()
        #expect(count == 1)
    }
}
