import Testing
import Timeline

@testable import Yamux

@Suite struct GoAwayTests {
    @Test func weLeaveWhenTheLastStreamIsGone() {
        var pair = Pair()
        pair.initiator(.open)
        pair.initiator(.goAway)
        pair.initiator(.goAway)
        pair.initiator(.open)
        pair.responder(.open)
        var news = pair.takeNews()
        #expect(news.initiator == [.opened(stream(1)), .openRefused(.goingAway)])
        #expect(news.responder == [.inbound(stream(1)), .peerGoingAway, .openRefused(.peerGoingAway)])
        pair.initiator(.closeWrite(stream(1)))
        pair.responder(.write(stream(1), [1]))
        pair.responder(.closeWrite(stream(1)))
        news = pair.takeNews()
        #expect(news.initiator.suffix(2) == [.closed(stream(1), .finished), .terminated(.wentAway)])
        #expect(news.initiator.payload(of: stream(1)) == [1])
        #expect(news.responder.suffix(2) == [.closed(stream(1), .finished), .terminated(.peerWentAway)])
    }

    @Test func newStreamsAreResetWhileGoingAway() {
        var session = sessionWithStream()
        _ = session.handle(.goAway, now: .origin)
        #expect(session.handle(.received(frame(.data, .synchronize, 3)), now: .origin) == [.send(frame(.data, .reset, 3))])
    }

    @Test func withoutStreamsThePeersGoAwayEndsTheSession() {
        var session = YamuxSession(role: .responder, now: .origin)
        #expect(session.handle(.received(frame(.goAway)), now: .origin) == [.peerGoingAway, .terminated(.peerWentAway)])
    }

    @Test(arguments: [1, 2, 77] as [UInt32]) func errorsEndTheSessionAtOnce(code: UInt32) {
        var session = sessionWithStream()
        let actions = session.handle(.received(frame(.goAway, [], 0, length: code) + GoldenFrameTests.ping), now: .origin)
        #expect(actions == [.closed(stream(1), .sessionEnded), .terminated(.abortedByPeer(code: code))])
    }
}
