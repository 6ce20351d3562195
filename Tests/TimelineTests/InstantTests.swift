import Testing

@testable import Timeline

@Suite struct InstantTests {
    @Test func advancesAndMeasures() {
        let start = Instant(nanoseconds: 5)
        #expect(start + .seconds(2) == Instant(nanoseconds: 2_000_000_005))
        #expect(start.duration(to: start + .milliseconds(3)) == .milliseconds(3))
        #expect((start + .seconds(1)) - start == .seconds(1))
    }

    @Test func saturatesInsteadOfTrapping() {
        let late = Instant(nanoseconds: .max - 1)
        #expect(late + .seconds(10) == Instant(nanoseconds: .max))
        #expect(Instant(nanoseconds: .min + 1) - .seconds(10) == Instant(nanoseconds: .min))
        #expect(Instant(nanoseconds: 0) + .seconds(Int64.max) == Instant(nanoseconds: .max))
        #expect(Instant(nanoseconds: .min).duration(to: Instant(nanoseconds: .max)) == .nanoseconds(Int64.max))
        #expect(Duration.seconds(Int64.min).saturatedNanoseconds == .min)
    }

    @Test func earliestTreatsNilAsNever() {
        let soon = Instant(nanoseconds: 1)
        let later = Instant(nanoseconds: 2)
        #expect(earliest(nil, nil) == nil)
        #expect(earliest(soon, nil) == soon)
        #expect(earliest(nil, later) == later)
        #expect(earliest(later, soon) == soon)
    }
}
