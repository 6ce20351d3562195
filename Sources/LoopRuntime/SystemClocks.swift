import Glibc
import Timeline

extension Instant {
    /// Now, by `CLOCK_BOOTTIME`: monotonic, and it counts while the machine sleeps, so leases run out in true time.
    @Sendable package static func now() -> Instant {
        Instant(nanoseconds: readNanoseconds(CLOCK_BOOTTIME))
    }
}

/// The wall clock, which anybody may set: only for what people read, for breaking ties, and for certificates.
package enum WallClock {
    /// Milliseconds since 1970; 0 for a clock before that.
    package static func milliseconds() -> UInt64 {
        UInt64(max(0, readNanoseconds(CLOCK_REALTIME) / 1_000_000))
    }

    /// Seconds since 1970; 0 for a clock before that.
    @Sendable package static func seconds() -> Int64 {
        Int64(milliseconds() / 1000)
    }
}

private func readNanoseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    let (seconds, overflow) = Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : seconds &+ Int64(time.tv_nsec)
}
