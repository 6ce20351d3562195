import PortMapping
import Testing
import Timeline

@Suite struct RouterClockTests {
    /// Whether a second answer fits the first, which came at 0 with 1000.
    private func fits(_ epoch: UInt32, after seconds: Int64, _ way: MappingWay) -> Bool {
        var clock = RouterClock()
        _ = clock.observe(1000, way: way, now: .origin)
        return clock.observe(epoch, way: way, now: .origin + .seconds(seconds))
    }

    /// RFC 6887 section 8.5: one second back is allowed, and a sixteenth and two seconds of drift either way.
    @Test func pcpClocksMayDriftALittle() {
        #expect(fits(1000, after: 0, .pcp))
        #expect(fits(999, after: 0, .pcp))
        #expect(!fits(998, after: 0, .pcp))
        #expect(fits(4600, after: 3600, .pcp))
        #expect(fits(1000 + 3375 - 2, after: 3600, .pcp))
        #expect(!fits(1000 + 3375 - 3, after: 3600, .pcp))
        #expect(!fits(1000 + 4000, after: 3600, .pcp))
        #expect(!fits(0, after: 3600, .pcp))
    }

    /// RFC 6886 section 3.6: an eighth and two seconds behind; how far ahead does not matter.
    @Test func natPMPClocksMayBeSlow() {
        #expect(fits(1000 + 3150 - 2, after: 3600, .natPMP))
        #expect(!fits(1000 + 3150 - 3, after: 3600, .natPMP))
        #expect(fits(900_000, after: 3600, .natPMP))
        #expect(!fits(5, after: 3600, .natPMP))
    }

    @Test func theEndsOfNumbersDoNotTrap() {
        var clock = RouterClock()
        for (epoch, instant) in [(UInt32.max, Instant(nanoseconds: .max)), (0, Instant(nanoseconds: .min)), (.max, .origin)] {
            _ = clock.observe(epoch, way: .pcp, now: instant)
            _ = clock.observe(epoch, way: .natPMP, now: instant)
        }
    }
}
