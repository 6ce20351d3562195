import Glibc
import LoopRuntime
import NIOCore
import Testing
import Timeline

@Suite struct RuntimeTests {
    /// The one call that a process may make: NIO lets its singletons be turned off once.
    @Test func runsABodyToItsEnd() {
        let status = LoopRuntime.run { executor in
            try? await executor.after(.milliseconds(1))
            return executor.eventLoop.inEventLoop ? 42 : 1
        }
        #expect(status == 42)
    }

    @Test func timeNeverGoesBack() {
        var last = Instant.now()
        for _ in 0..<100_000 {
            let now = Instant.now()
            if now < last { Issue.record("back by \(now.duration(to: last))") }
            last = now
        }
    }

    @Test func timeIsTheBootClock() {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        let seconds = Instant.now().nanoseconds / 1_000_000_000
        #expect(abs(seconds - Int64(time.tv_sec)) <= 1)
    }

    @Test func timePassesAtItsUsualRate() {
        let start = Instant.now()
        usleep(20_000)
        #expect(start.duration(to: .now()) >= .milliseconds(20))
    }

    @Test func theWallClockIsInMilliseconds() {
        let seconds = WallClock.milliseconds() / 1000
        #expect(abs(Int64(seconds) - Int64(time(nil))) <= 1)
    }
}
