import Testing
import Timeline

@testable import Yamux

@Suite struct FlowControlTests {
    @Test func aLargeTransferThroughSmallWindowsWithASlowReader() {
        var pair = Pair()
        let content = pattern(3_000_000)
        var (sentCount, received, unread) = (0, [UInt8](), 0)
        pair.initiator(.open)
        while received.count < content.count {
            let capacity = min(pair.initiator.sendCapacity(of: stream(1)) ?? 0, content.count - sentCount)
            if capacity > 0 {
                pair.initiator(.write(stream(1), Array(content[sentCount..<sentCount + capacity])))
                sentCount += capacity
            }
            let arrived = pair.takeNews().responder.payload(of: stream(1))
            received += arrived
            unread += arrived.count
            #expect(unread <= 1_048_576)
            let taken = min(unread, 50_000)
            unread -= taken
            pair.responder(.consumed(stream(1), taken))
            pair.now = pair.now + .milliseconds(1)
        }
        #expect(received == content)
    }

    @Test func aPeerThatNeverReadsStopsUs() {
        var session = sessionWithStream()
        var (accepted, wire) = (0, 0)
        while true {
            let actions = session.handle(.write(stream(1), pattern(1_000)), now: .origin)
            wire += actions.sent.count
            if actions == [.writeRefused(stream(1), .queueFull)] { break }
            accepted += 1_000
        }
        #expect(accepted <= 262_144 * 2 && accepted > 262_144 * 2 - 1_000)
        #expect(wire == 262_144 + 12 * 263)
        #expect(session.streams[stream(1)]?.queue.count == accepted - 262_144)
        #expect(session.sendCapacity(of: stream(1)) == 2 * 262_144 - accepted)
    }

    @Test func writableComesWhenTheQueueIsEmptyAgain() {
        var configuration = YamuxConfiguration()
        configuration.maximumBufferedSendBytes = 1_000
        var session = sessionWithStream(configuration)
        for _ in 0..<263 { _ = session.handle(.write(stream(1), pattern(1_000)), now: .origin) }
        #expect(session.handle(.write(stream(1), pattern(1_000)), now: .origin).news == [.writeRefused(stream(1), .queueFull)])
        #expect(session.handle(.received(frame(.windowUpdate, [], 1, length: 855)), now: .origin).news.isEmpty)
        #expect(session.handle(.received(frame(.windowUpdate, [], 1, length: 1)), now: .origin).news == [.writable(stream(1))])
        #expect(session.handle(.received(frame(.windowUpdate, [], 1, length: 1)), now: .origin).isEmpty)
    }

    @Test func aWriteThatNeverFitsSaysSo() {
        var session = sessionWithStream()
        #expect(session.handle(.write(stream(1), pattern(262_145)), now: .origin) == [.writeRefused(stream(1), .tooLarge)])
        #expect(session.handle(.write(stream(1), []), now: .origin).isEmpty)
    }

    @Test func deltaOnSynWidensTheWindow() throws {
        var configuration = YamuxConfiguration()
        configuration.maximumBufferedSendBytes = 1_000_000
        var session = YamuxSession(role: .responder, configuration: configuration, now: .origin)
        _ = session.handle(.received(frame(.windowUpdate, .synchronize, 1, length: 100)), now: .origin)
        let sent = try headers(in: session.handle(.write(stream(1), pattern(300_000)), now: .origin).sent)
        #expect(sent.reduce(0) { $0 + Int($1.length) } == 262_244)
        #expect(sent.allSatisfy { $0.length <= 16_384 && $0.type == .data })
    }

    @Test func onlyWhatWasDeliveredCanBeConsumed() throws {
        var session = sessionWithStream()
        _ = session.handle(.received(data(1, pattern(140_000))), now: .origin)
        let sent = session.handle(.consumed(stream(1), .max), now: .origin).sent
        #expect(try headers(in: sent).first == FrameHeader(.windowUpdate, stream: stream(1), length: 140_000))
        #expect(session.handle(.consumed(stream(1), .max), now: .origin).isEmpty)
        #expect(session.handle(.consumed(stream(1), -5), now: .origin).isEmpty)
        #expect(session.streams[stream(1)]?.receiveWindow.remaining == 262_144)
    }

    @Test func quickReadersGetLargerWindows() throws {
        var window = ReceiveWindow(now: .origin)
        var (now, sizes) = (Instant.origin, [UInt32]())
        for _ in 0..<4 {
            let amount = window.remaining
            let isReserved = window.reserve(amount)
            #expect(isReserved)
            window.deliver(Int(amount))
            now = now + .milliseconds(100)
            _ = window.consume(Int(amount), now: now, roundTripTime: .milliseconds(50), limit: 1_000_000)
            sizes.append(window.size)
            #expect(window.remaining == window.size)
        }
        #expect(sizes == [524_288, 1_000_000, 1_000_000, 1_000_000])
    }

    @Test func slowReadersKeepTheirWindow() {
        var window = ReceiveWindow(now: .origin)
        let isReserved = window.reserve(200_000)
        #expect(isReserved)
        window.deliver(200_000)
        let granted = window.consume(200_000, now: .origin + .milliseconds(200), roundTripTime: .milliseconds(50), limit: 1_000_000)
        #expect(granted == 200_000 && window.size == 262_144)
    }

    @Test func theRoundTripIsMeasuredWhenWindowsMove() {
        var pair = Pair()
        pair.initiator(.open)
        pair.initiator(.write(stream(1), pattern(200_000)))
        #expect(pair.responder.roundTripTime == nil)
        pair.responder(.consumed(stream(1), 200_000))
        #expect(pair.responder.roundTripTime == .zero)
    }

    @Test func streamsTakeTurns() throws {
        var configuration = YamuxConfiguration()
        configuration.maximumFramePayload = 1_000
        var session = YamuxSession(role: .initiator, configuration: configuration, now: .origin)
        _ = session.handle(.transportWritable(false), now: .origin)
        for id: UInt32 in [1, 3, 5] {
            _ = session.handle(.open, now: .origin)
            #expect(session.handle(.write(stream(id), pattern(Int(id) * 500)), now: .origin).isEmpty)
        }
        let sent = try headers(in: session.handle(.transportWritable(true), now: .origin).sent)
        #expect(sent.map(\.streamID.rawValue) == [1, 3, 5, 3, 5, 5])
        #expect(sent.map(\.length) == [500, 1_000, 1_000, 500, 1_000, 500])
    }

    @Test func repliesOvertakeData() throws {
        var session = sessionWithStream()
        _ = session.handle(.write(stream(1), pattern(262_144)), now: .origin)
        _ = session.handle(.write(stream(1), [1]), now: .origin)
        let input = frame(.windowUpdate, [], 1, length: 9) + GoldenFrameTests.ping
        #expect(session.handle(.received(input), now: .origin) == [.send(GoldenFrameTests.pong + data(1, [1]))])
    }
}
