import Testing
import Timeline

@testable import Yamux

@Suite struct KeepAliveTests {
    private func session() -> YamuxSession {
        var configuration = YamuxConfiguration()
        configuration.keepAliveInterval = .seconds(30)
        return YamuxSession(role: .initiator, configuration: configuration, now: .origin)
    }

    private func at(_ seconds: Int) -> Instant { .origin + .seconds(seconds) }

    @Test func offMeansNoDeadline() {
        var session = YamuxSession(role: .initiator, now: .origin)
        #expect(session.nextDeadline == nil)
        #expect(session.handle(.deadlineReached, now: at(1_000)).isEmpty)
        _ = session.handle(.open, now: .origin)
        #expect(session.nextDeadline == nil)
    }

    @Test func silenceLeadsToAPingAndItsAnswerToTheRoundTrip() {
        var session = session()
        #expect(session.nextDeadline == at(30))
        #expect(session.handle(.deadlineReached, now: at(29)).isEmpty)
        #expect(session.handle(.deadlineReached, now: at(30)) == [.send(hex("00 02 0001 00000000 00000000"))])
        #expect(session.nextDeadline == at(40))
        #expect(session.handle(.received(hex("00 02 0002 00000000 00000000")), now: at(31)).isEmpty)
        #expect(session.roundTripTime == .seconds(1))
        #expect(session.nextDeadline == at(61))
        #expect(session.handle(.deadlineReached, now: at(61)) == [.send(hex("00 02 0001 00000000 00000001"))])
        _ = session.handle(.received(hex("00 02 0002 00000000 00000001")), now: at(64))
        #expect(session.roundTripTime == .seconds(2))
    }

    @Test func noAnswerEndsTheSession() {
        var session = session()
        _ = session.handle(.open, now: .origin)
        _ = session.handle(.deadlineReached, now: at(30))
        #expect(session.handle(.deadlineReached, now: at(39)).isEmpty)
        #expect(session.handle(.deadlineReached, now: at(40)) == [.closed(stream(1), .sessionEnded), .terminated(.keepAliveTimeout)])
        #expect(session.nextDeadline == nil)
    }

    @Test func anyByteCountsAsLife() {
        var session = session()
        _ = session.handle(.received([0]), now: at(10))
        #expect(session.nextDeadline == at(40))
        _ = session.handle(.deadlineReached, now: at(40))
        _ = session.handle(.received([2]), now: at(45))
        #expect(session.nextDeadline == at(75))
        #expect(session.handle(.deadlineReached, now: at(50)).isEmpty)
    }

    @Test func unaskedAnswersAreIgnored() {
        var session = session()
        #expect(session.handle(.received(frame(.ping, .acknowledge, 0, length: 0)), now: at(1)).isEmpty)
        _ = session.handle(.deadlineReached, now: at(31))
        _ = session.handle(.received(frame(.ping, .acknowledge, 0, length: 5)), now: at(32))
        #expect(session.roundTripTime == nil)
    }

    @Test func aClockThatStepsBackDoesNoHarm() {
        var session = session()
        _ = session.handle(.deadlineReached, now: at(30))
        _ = session.handle(.received(frame(.ping, .acknowledge)), now: at(20))
        #expect(session.roundTripTime == .zero)
    }
}
