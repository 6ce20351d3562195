import Testing
import Timeline

@testable import Yamux

@Suite struct HostilePeerTests {
    /// What a responder with the live streams 1 (open) and 3 (FIN from the peer) must not be sent.
    static let offences: [(YamuxProtocolError, [UInt8])] = [
        (.unknownVersion(9), hex("09 00 0000 00000001 00000000")),
        (.unknownFrameType(4), hex("00 04 0000 00000001 00000000")),
        (.streamFrameForSession, data(0, [1])),
        (.streamFrameForSession, frame(.windowUpdate, .synchronize, 0)),
        (.sessionFrameForStream(stream(1)), frame(.ping, .synchronize, 1)),
        (.sessionFrameForStream(stream(7)), frame(.goAway, [], 7)),
        (.openedWithOurParity(stream(2)), frame(.windowUpdate, .synchronize, 2)),
        (.openedTwice(stream(1)), frame(.windowUpdate, .synchronize, 1)),
        (.receiveWindowExceeded(stream(1)), frame(.data, [], 1, length: 262_145)),
        (.receiveWindowExceeded(stream(1)), frame(.data, [], 1, length: .max)),
        (.receiveWindowExceeded(stream(99)), frame(.data, [], 99, length: 1_048_577)),
        (.receiveWindowExceeded(stream(5)), frame(.data, .synchronize, 5, length: 262_145)),
        (.receiveWindowExceeded(stream(1)), data(1, pattern(262_000)) + data(1, pattern(145))),
        (.sendWindowOverflow(stream(1)), frame(.windowUpdate, [], 1, length: .max)),
        (.sendWindowOverflow(stream(5)), frame(.windowUpdate, .synchronize, 5, length: .max - 262_143)),
    ]

    @Test(arguments: offences) func protocolErrorsEndTheSession(expected: YamuxProtocolError, bytes: [UInt8]) {
        var session = sessionWithStream()
        _ = session.handle(.received(frame(.data, [.synchronize, .finish], 3)), now: .origin)
        let actions = session.handle(.received(bytes + GoldenFrameTests.ping), now: .origin)
        #expect(actions.termination == .protocolError(expected))
        #expect(Array(actions.sent.suffix(12)) == GoldenFrameTests.goAwayProtocolError)
        #expect(actions.contains(.closed(stream(1), .sessionEnded)) && actions.contains(.closed(stream(3), .sessionEnded)))
        #expect(session.isTerminated && session.streamCount == 0 && session.inboundCount == 0 && session.nextDeadline == nil)
        let inputs: [YamuxSession.Input] = [
            .received(GoldenFrameTests.ping), .open, .write(stream(1), [1]), .closeWrite(stream(1)), .closeRead(stream(1)),
            .reset(stream(1)), .consumed(stream(1), 1), .transportWritable(true), .deadlineReached, .goAway,
        ]
        for input in inputs { #expect(session.handle(input, now: .origin).isEmpty) }
    }

    @Test func idsAreNotReused() {
        var session = sessionWithStream()
        _ = session.handle(.reset(stream(1)), now: .origin)
        let actions = session.handle(.received(frame(.windowUpdate, .synchronize, 1)), now: .origin)
        #expect(actions.termination == .protocolError(.openedTwice(stream(1))))
    }

    @Test func dataAfterFinCostsTheStreamOnly() {
        var session = sessionWithStream()
        _ = session.handle(.received(frame(.data, .finish, 1)), now: .origin)
        let actions = session.handle(.received(data(1, [1, 2], .finish) + GoldenFrameTests.ping), now: .origin)
        #expect(actions.news == [.closed(stream(1), .violatedByPeer)])
        #expect(actions.sent == GoldenFrameTests.reset + GoldenFrameTests.pong)
    }

    @Test func windowUpdatesAfterFinStillCount() {
        var session = sessionWithStream()
        _ = session.handle(.write(stream(1), pattern(262_144)), now: .origin)
        _ = session.handle(.write(stream(1), [5]), now: .origin)
        _ = session.handle(.received(frame(.data, .finish, 1)), now: .origin)
        #expect(session.handle(.received(frame(.windowUpdate, [], 1, length: 1)), now: .origin) == [.send(data(1, [5]))])
    }

    @Test func streamsBeyondTheLimitAreReset() {
        var configuration = YamuxConfiguration()
        configuration.maximumInboundStreams = 2
        var session = YamuxSession(role: .responder, configuration: configuration, now: .origin)
        for id: UInt32 in [1, 3] { _ = session.handle(.received(frame(.data, .synchronize, id)), now: .origin) }
        let refused = session.handle(.received(data(5, [1, 2, 3], [.synchronize, .finish])), now: .origin)
        #expect(refused == [.send(frame(.data, .reset, 5))])
        _ = session.handle(.reset(stream(1)), now: .origin)
        #expect(session.handle(.received(frame(.data, .synchronize, 7)), now: .origin).news == [.inbound(stream(7))])
    }

    @Test func pendingOpensAreLimited() {
        var configuration = YamuxConfiguration()
        configuration.maximumPendingOpens = 2
        var session = YamuxSession(role: .initiator, configuration: configuration, now: .origin)
        for _ in 0..<2 { _ = session.handle(.open, now: .origin) }
        #expect(session.handle(.open, now: .origin) == [.openRefused(.tooManyPending)])
        _ = session.handle(.received(frame(.windowUpdate, .acknowledge, 1)), now: .origin)
        #expect(session.handle(.open, now: .origin).news == [.opened(stream(5))])
        _ = session.handle(.received(frame(.data, .reset, 3)), now: .origin)
        _ = session.handle(.reset(stream(5)), now: .origin)
        #expect(session.pendingOpens == 0)
    }

    @Test func idsRunOut() {
        var session = YamuxSession(role: .responder, now: .origin)
        session.nextLocalID = stream(.max - 1)
        #expect(session.handle(.open, now: .origin).news == [.opened(stream(.max - 1))])
        #expect(session.handle(.open, now: .origin) == [.openRefused(.idsExhausted)])
    }

    /// Frames that are no use, sent to a responder whose stream 1 is live; the peer may send 1024 of each in a burst.
    static let useless: [[UInt8]] = [
        frame(.ping, .synchronize), frame(.ping, .acknowledge, 0, length: 77), frame(.ping), frame(.data, [], 1),
        frame(.windowUpdate, [], 1), frame(.windowUpdate, .acknowledge, 1), frame(.windowUpdate, [], 9, length: 5),
        frame(.data, .reset, 9), frame(.data, .finish, 9), frame(.data, FrameFlags(rawValue: 0x8000), 1),
    ]

    @Test(arguments: useless) func floodsAreCutOff(bytes: [UInt8]) {
        var session = sessionWithStream()
        let burst = (0..<1_024).flatMap { _ in bytes }
        let first = session.handle(.received(burst), now: .origin)
        #expect(first.termination == nil && first.sent.count <= burst.count)
        #expect(session.handle(.received(bytes), now: .origin).termination == .protocolError(.tooManyGlitches))
    }

    @Test(arguments: useless) func rarelyTheyDoNoHarm(bytes: [UInt8]) {
        var (session, now) = (sessionWithStream(), Instant.origin)
        for _ in 0..<5_000 {
            now = now + .milliseconds(10)
            #expect(session.handle(.received(bytes), now: now).termination == nil)
        }
    }

    @Test func payloadForgivesGlitches() {
        var session = sessionWithStream()
        for _ in 0..<5_000 {
            let actions = session.handle(.received(data(1, pattern(1_024)) + frame(.ping, .synchronize)), now: .origin)
            #expect(actions.termination == nil)
            _ = session.handle(.consumed(stream(1), 1_024), now: .origin)
        }
    }

    @Test func refusedAndRapidlyResetStreamsAreGlitches() {
        var configuration = YamuxConfiguration()
        configuration.maximumGlitches = 10
        var session = YamuxSession(role: .responder, configuration: configuration, now: .origin)
        var last: YamuxTermination?
        var count: UInt32 = 0
        while last == nil, count < 100 {
            let id = 1 + 2 * count
            last = session.handle(.received(frame(.data, .synchronize, id) + frame(.data, .reset, id)), now: .origin).termination
            count += 1
        }
        #expect(last == .protocolError(.tooManyGlitches) && count == 11)
    }

    @Test func finsRepeatedAreGlitches() {
        var configuration = YamuxConfiguration()
        configuration.maximumGlitches = 3
        var session = sessionWithStream(configuration)
        let fin = frame(.windowUpdate, .finish, 1)
        #expect(session.handle(.received(fin + fin + fin + fin), now: .origin).termination == nil)
        #expect(session.handle(.received(fin), now: .origin).termination == .protocolError(.tooManyGlitches))
    }

    @Test func repliesThatNobodyTakesAreLimited() {
        var configuration = YamuxConfiguration()
        configuration.maximumControlBacklog = 5
        var session = YamuxSession(role: .responder, configuration: configuration, now: .origin)
        let pings = (0..<5).flatMap { _ in GoldenFrameTests.ping }
        _ = session.handle(.transportWritable(false), now: .origin)
        #expect(session.handle(.received(pings), now: .origin).termination == nil)
        _ = session.handle(.transportWritable(true), now: .origin)
        #expect(session.handle(.received(pings), now: .origin).termination == nil)
        _ = session.handle(.transportWritable(false), now: .origin)
        #expect(session.handle(.received(pings), now: .origin).termination == nil)
        #expect(session.handle(.received(GoldenFrameTests.ping), now: .origin).termination == .protocolError(.controlBacklogExceeded))
    }
}
