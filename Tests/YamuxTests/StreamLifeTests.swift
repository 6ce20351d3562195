import Testing
import Timeline

@testable import Yamux

@Suite struct StreamLifeTests {
    @Test func idsHaveTheParityOfTheRole() {
        var pair = Pair()
        pair.initiator(.open)
        pair.responder(.open)
        pair.initiator(.open)
        pair.responder(.open)
        let news = pair.takeNews()
        #expect(news.initiator == [.opened(stream(1)), .inbound(stream(2)), .opened(stream(3)), .inbound(stream(4))])
        #expect(news.responder == [.inbound(stream(1)), .opened(stream(2)), .inbound(stream(3)), .opened(stream(4))])
        #expect(pair.initiator.pendingOpens == 0 && pair.responder.pendingOpens == 0)
    }

    @Test func simultaneousOpensCross() {
        var left = YamuxSession(role: .initiator, now: .origin)
        var right = YamuxSession(role: .responder, now: .origin)
        let fromLeft = left.handle(.open, now: .origin).sent + left.handle(.write(stream(1), [1]), now: .origin).sent
        let fromRight = right.handle(.open, now: .origin).sent + right.handle(.write(stream(2), [2]), now: .origin).sent
        #expect(left.handle(.received(fromRight), now: .origin).news == [.inbound(stream(2)), .received(stream(2), [2])])
        #expect(right.handle(.received(fromLeft), now: .origin).news == [.inbound(stream(1)), .received(stream(1), [1])])
    }

    @Test func initiatorClosesFirst() {
        var pair = Pair()
        pair.initiator(.open)
        pair.initiator(.write(stream(1), [1, 2]))
        pair.initiator(.closeWrite(stream(1)))
        pair.responder(.write(stream(1), [3, 4]))
        pair.responder(.closeWrite(stream(1)))
        let news = pair.takeNews()
        #expect(
            news.responder == [
                .inbound(stream(1)), .received(stream(1), [1, 2]), .remoteClosed(stream(1)), .closed(stream(1), .finished),
            ])
        #expect(
            news.initiator == [
                .opened(stream(1)), .received(stream(1), [3, 4]), .remoteClosed(stream(1)), .closed(stream(1), .finished),
            ])
        #expect(pair.initiator.streamCount == 0 && pair.responder.streamCount == 0)
    }

    @Test func bothCloseAtOnce() {
        var pair = Pair()
        pair.initiator(.open)
        let mine = pair.initiator.handle(.closeWrite(stream(1)), now: .origin)
        let theirs = pair.responder.handle(.closeWrite(stream(1)), now: .origin)
        let done: [Action] = [.remoteClosed(stream(1)), .closed(stream(1), .finished)]
        #expect(pair.initiator.handle(.received(theirs.sent), now: .origin) == done)
        #expect(pair.responder.handle(.received(mine.sent), now: .origin) == done)
    }

    @Test func finMayComeWithSynAndWithData() {
        var session = YamuxSession(role: .responder, now: .origin)
        #expect(
            session.handle(.received(data(1, [7], [.synchronize, .finish])), now: .origin).news
                == [.inbound(stream(1)), .received(stream(1), [7]), .remoteClosed(stream(1))])
        #expect(
            session.handle(.received(frame(.windowUpdate, [.synchronize, .finish], 3)), now: .origin).news
                == [.inbound(stream(3)), .remoteClosed(stream(3))])
        #expect(session.handle(.closeWrite(stream(1)), now: .origin).news == [.closed(stream(1), .finished)])
    }

    @Test func finWaitsForTheQueue() throws {
        var session = sessionWithStream()
        _ = session.handle(.write(stream(1), pattern(262_144)), now: .origin)
        #expect(session.handle(.write(stream(1), [1, 2, 3]), now: .origin).isEmpty)
        #expect(session.handle(.closeWrite(stream(1)), now: .origin).isEmpty)
        let actions = session.handle(.received(frame(.windowUpdate, [], 1, length: 100)), now: .origin)
        #expect(actions == [.send(data(1, [1, 2, 3]) + frame(.data, .finish, 1))])
    }

    @Test func writesAfterCloseAreRefused() {
        var session = sessionWithStream()
        _ = session.handle(.closeWrite(stream(1)), now: .origin)
        #expect(session.handle(.write(stream(1), [1]), now: .origin) == [.writeRefused(stream(1), .closed)])
        #expect(session.handle(.closeWrite(stream(1)), now: .origin).isEmpty)
        #expect(session.sendCapacity(of: stream(1)) == nil)
    }

    @Test func resetEndsBothWays() {
        var pair = Pair()
        pair.initiator(.open)
        pair.responder(.reset(stream(1)))
        let news = pair.takeNews()
        #expect(news.initiator.last == .closed(stream(1), .resetByPeer))
        #expect(news.responder.last == .closed(stream(1), .resetLocally))
        pair.initiator(.write(stream(1), [1]))
        pair.initiator(.consumed(stream(1), 1))
        pair.initiator(.closeWrite(stream(1)))
        pair.initiator(.closeRead(stream(1)))
        pair.initiator(.reset(stream(1)))
        #expect(pair.takeNews() == ([], []))
    }

    @Test func resetDropsTheQueueAndTheTurn() {
        var session = sessionWithStream()
        _ = session.handle(.transportWritable(false), now: .origin)
        _ = session.handle(.write(stream(1), [1, 2, 3]), now: .origin)
        #expect(session.handle(.reset(stream(1)), now: .origin).sent == frame(.data, .reset, 1))
        #expect(session.ready.isEmpty)
        #expect(session.handle(.transportWritable(true), now: .origin).isEmpty)
    }

    @Test func aStreamResetInTheMiddleOfAFrameIsSilent() {
        var session = sessionWithStream()
        _ = session.handle(.received(frame(.data, .finish, 1, length: 10) + [1, 2]), now: .origin)
        _ = session.handle(.reset(stream(1)), now: .origin)
        #expect(session.handle(.received([3, 4, 5, 6, 7, 8, 9, 10]), now: .origin).isEmpty)
        #expect(session.handle(.received(GoldenFrameTests.ping), now: .origin).sent == GoldenFrameTests.pong)
    }

    @Test func closeReadDropsTheRest() {
        var session = sessionWithStream()
        _ = session.handle(.closeRead(stream(1)), now: .origin)
        #expect(session.handle(.received(data(1, pattern(100))), now: .origin).isEmpty)
        #expect(session.handle(.closeWrite(stream(1)), now: .origin).news == [.closed(stream(1), .finished)])
        #expect(session.handle(.received(data(1, [1], .finish)), now: .origin).isEmpty)
    }

    @Test func closeReadAfterCloseWriteEndsTheStream() {
        var session = sessionWithStream()
        _ = session.handle(.closeWrite(stream(1)), now: .origin)
        #expect(session.handle(.closeRead(stream(1)), now: .origin) == [.closed(stream(1), .finished)])
    }

    @Test func framesForUnknownStreamsAreDropped() {
        var session = YamuxSession(role: .responder, now: .origin)
        let strays =
            data(1, pattern(1_000)) + frame(.windowUpdate, [], 3, length: 5) + frame(.data, .finish, 2)
            + frame(.data, .reset, 5) + frame(.windowUpdate, .acknowledge, 2)
        #expect(session.handle(.received(strays + GoldenFrameTests.ping), now: .origin) == [.send(GoldenFrameTests.pong)])
    }

    @Test func idsMayArriveOutOfOrder() {
        var session = YamuxSession(role: .responder, now: .origin)
        for id: UInt32 in [5, 1, 3] {
            #expect(session.handle(.received(frame(.data, .synchronize, id)), now: .origin).news == [.inbound(stream(id))])
        }
    }

    @Test func ledgerForgetsNothingThatMatters() {
        var ledger = StreamIDLedger()
        let ids: [UInt32] = [
            1, 2_047, 1, 3, 2_051, 1, 3, 2_049, .max, .max, 2_053, .max - 2 * 1_023, .max - 2 * 1_024,
        ]
        let isNew = ids.map { ledger.insert(stream($0)) }
        #expect(isNew == [true, true, false, true, true, false, false, true, true, false, false, true, false])
    }
}
