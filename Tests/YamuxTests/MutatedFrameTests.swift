import Testing
import Timeline
import WeftTestKit

@testable import Yamux

@Suite struct MutatedFrameTests {
    static let corpus: [[UInt8]] = [
        GoldenFrameTests.open, GoldenFrameTests.accept, GoldenFrameTests.hello, GoldenFrameTests.finish, GoldenFrameTests.reset,
        GoldenFrameTests.ping, GoldenFrameTests.pong, GoldenFrameTests.goAwayNormal, FrameDecoderTests.conversation,
        frame(.windowUpdate, [], 1, length: 0x7fff_ffff), data(2, pattern(40)), frame(.windowUpdate, .acknowledge, 2),
    ]

    /// Sessions live on from frame to frame until one breaks them; whatever comes, nothing traps and everything stays in its bounds.
    @Test func hundredThousandMutatedFrames() {
        var generator = SeededGenerator(seed: testSeed("yamux mutated frames"))
        var (session, now, ended) = (fresh(), Instant.origin, 0)
        for _ in 0..<100_000 {
            let valid = Self.corpus.randomElement(using: &generator) ?? []
            let bytes = Bool.random(using: &generator) ? generator.mutated(valid, among: Self.corpus) : valid
            now = now + .milliseconds(Int.random(in: 0...3, using: &generator))
            let actions = session.handle(.received(bytes), now: now)
            #expect(isSane(session, actions, inputCount: bytes.count))
            respond(to: actions, &session, now)
            if session.isTerminated {
                session = fresh()
                ended += 1
            }
        }
        #expect(ended > 0)
    }

    private func fresh() -> YamuxSession {
        var configuration = YamuxConfiguration()
        configuration.maximumBufferedSendBytes = 4_096
        configuration.keepAliveInterval = .seconds(30)
        var session = YamuxSession(role: .responder, configuration: configuration, now: .origin)
        _ = session.handle(.open, now: .origin)
        return session
    }

    private func isSane(_ session: YamuxSession, _ actions: [Action], inputCount: Int) -> Bool {
        let inbound = session.streams.values.count(where: \.isInbound)
        let pending = session.streams.values.count { !$0.isAcknowledged }
        let answers = inputCount + 12 + session.streamCount * 4_096 * 2
        return session.inboundCount == inbound && session.pendingOpens == pending && inbound <= 256
            && actions.sent.count <= answers && session.ready.isEmpty
    }

    /// An application that echoes, reads, and closes by the bytes it gets.
    private func respond(to actions: [Action], _ session: inout YamuxSession, _ now: Instant) {
        for action in actions {
            switch action {
            case .received(let id, let bytes):
                _ = session.handle(.write(id, bytes), now: now)
                _ = session.handle(.consumed(id, bytes.count), now: now)
            case .remoteClosed(let id): _ = session.handle(.closeWrite(id), now: now)
            case .send, .opened, .openRefused, .inbound, .closed, .writeRefused, .writable, .peerGoingAway, .terminated: break
            }
        }
    }
}
