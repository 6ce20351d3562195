import Testing
import Timeline
import WeftTestKit

@testable import Yamux

@Suite struct FrameDecoderTests {
    static let conversation =
        frame(.windowUpdate, .synchronize, 1) + data(1, pattern(300)) + frame(.ping, .synchronize, 0, length: 7)
        + data(1, []) + data(1, pattern(50, from: 300), .finish) + frame(.data, .synchronize, 3) + data(3, [9], .finish)

    private func run(chunk: Int) -> [Action] {
        var session = YamuxSession(role: .responder, now: .origin)
        var actions: [Action] = []
        for start in stride(from: 0, to: Self.conversation.count, by: chunk) {
            let end = min(start + chunk, Self.conversation.count)
            actions += session.handle(.received(Array(Self.conversation[start..<end])), now: .origin)
        }
        return actions
    }

    @Test(arguments: 1...40) func chunkingDoesNotMatter(chunk: Int) {
        let (whole, dripped) = (run(chunk: .max / 2), run(chunk: chunk))
        #expect(dripped.sent == whole.sent)
        #expect(dripped.payload(of: stream(1)) == pattern(350))
        #expect(dripped.payload(of: stream(3)) == [9])
        let isNoPayload: (Action) -> Bool = { if case .received = $0 { false } else { true } }
        #expect(dripped.news.filter(isNoPayload) == whole.news.filter(isNoPayload))
    }

    @Test func payloadIsHandedOnAsItArrives() {
        var session = sessionWithStream()
        let frames = data(1, pattern(100))
        #expect(session.handle(.received(Array(frames[..<40])), now: .origin) == [.received(stream(1), pattern(28))])
        #expect(session.handle(.received(Array(frames[40...])), now: .origin) == [.received(stream(1), pattern(72, from: 28))])
    }

    @Test func decoderKeepsNoPayload() throws {
        var decoder = FrameDecoder()
        var input = (frame(.data, [], 1, length: .max) + [1, 2, 3])[...]
        #expect(try decoder.next(&input) == .header(FrameHeader(.data, stream: stream(1), length: .max)))
        #expect(try decoder.next(&input) == .payload([1, 2, 3], isLast: false))
        #expect(try decoder.next(&input) == nil)
        #expect(input.isEmpty)
    }

    @Test func slicesWithAnOffsetAreRead() throws {
        var decoder = FrameDecoder()
        var input = ([0xff, 0xff] + frame(.ping, .acknowledge, 0, length: 5))[2...]
        #expect(try decoder.next(&input) == .header(FrameHeader(.ping, .acknowledge, length: 5)))
    }

    @Test func headersOfTheWrongSizeAreRefused() {
        #expect(throws: YamuxProtocolError.malformedHeader) { try FrameHeader(decoding: [0, 0, 0]) }
    }
}
