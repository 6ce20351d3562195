import Multiformats
import Testing
import Timeline
import WeftTestKit

@testable import PeerConnection
@testable import Yamux

/// Questions and answers, each pair on a stream of its own.
@Suite struct RequestTests {
    private static var answering: Setup {
        var setup = Setup.listener
        setup.requestProtocols = [lookup]
        return setup
    }

    private func pair(chunk: Int = .max) throws -> Pair {
        var pair = try Pair.established(.dialer, Self.answering)
        pair.chunk = chunk
        return pair
    }

    private func ask(_ pair: inout Pair, _ number: UInt64 = 1, _ request: [UInt8] = [1, 2, 3], by asked: RequestProtocol = lookup) {
        pair.give(.ask(asked, request: request, QuestionID(rawValue: number)), to: \.dialer)
    }

    /// Nothing is left of questions and answers: gossip stands alone.
    private func expectRest(_ pair: Pair) {
        for end in [pair.dialer, pair.listener] {
            #expect(end.machine.open?.streams.count == 2 && end.machine.open?.yamux.streamCount == 2)
            #expect(end.machine.nextDeadline == nil && end.news.failure == nil)
        }
    }

    @Test(arguments: [1, 7, .max], [0, 3, 1_000])
    func `a question is answered`(chunk: Int, size: Int) throws {
        var pair = try pair(chunk: chunk)
        let question = [UInt8](repeating: 5, count: size)
        ask(&pair, 1, question)
        let request = try #require(pair.listener.news.requests.first)
        #expect(request.bytes == question && pair.dialer.news.answers.isEmpty)
        pair.give(.answer(request.id, response: question + question), to: \.listener)
        #expect(pair.dialer.news.answers == [1: .success(question + question)])
        expectRest(pair)
    }

    @Test func `answers come in any order, and find their questions`() throws {
        var pair = try pair()
        for number in 1...3 { ask(&pair, UInt64(number), [UInt8(number)]) }
        for request in pair.listener.news.requests.reversed() {
            pair.give(.answer(request.id, response: request.bytes + [0]), to: \.listener)
        }
        #expect(pair.dialer.news.answers == [1: .success([1, 0]), 2: .success([2, 0]), 3: .success([3, 0])])
        expectRest(pair)
    }

    @Test func `identify lists what is answered`() throws {
        var pair = try Pair(.dialer, Self.answering)
        pair.settle()
        #expect(pair.dialer.news.descriptions.first?.protocols.contains(lookup.id) == true)
        #expect(pair.listener.news.descriptions.first?.protocols.contains(lookup.id) == false)
    }

    // MARK: No answer

    @Test func `a peer without the protocol`() throws {
        var pair = try pair()
        ask(&pair, 1, by: RequestProtocol("/other/1", maximumRequestBytes: 10, maximumResponseBytes: 10))
        #expect(pair.dialer.news.answers == [1: .failure(.unsupported)])
        expectRest(pair)
    }

    @Test func `a request may be refused`() throws {
        var pair = try pair()
        ask(&pair)
        pair.give(.answer(try #require(pair.listener.news.requests.first).id, response: nil), to: \.listener)
        #expect(pair.dialer.news.answers == [1: .failure(.refused)])
        expectRest(pair)
    }

    @Test func `no answer in time, and one that is too late`() throws {
        var pair = try pair()
        ask(&pair)
        pair.run(lookup.timeout - .nanoseconds(1))
        #expect(pair.dialer.news.answers.isEmpty)
        pair.run(.nanoseconds(1))
        #expect(pair.dialer.news.answers == [1: .failure(.timedOut)])
        pair.give(.answer(try #require(pair.listener.news.requests.first).id, response: [1]), to: \.listener)
        expectRest(pair)
    }

    @Test func `a peer that does not even agree on the protocol in time`() throws {
        var bench = try Bench(.dialer, .dialer)
        try bench.give(.ask(lookup, request: [1], QuestionID(rawValue: 1)))
        try bench.run(lookup.timeout)
        #expect(bench.news.answers == [1: .failure(.timedOut)])
    }

    @Test func `a question that is too long is not sent`() throws {
        var pair = try pair()
        ask(&pair, 1, [UInt8](repeating: 1, count: lookup.maximumRequestBytes + 1))
        let large = RequestProtocol("/large/1", maximumRequestBytes: .max, maximumResponseBytes: 10)
        ask(&pair, 2, [UInt8](repeating: 1, count: YamuxConfiguration().maximumBufferedSendBytes), by: large)
        #expect(pair.dialer.news.answers == [1: .failure(.requestTooLong), 2: .failure(.requestTooLong)])
        expectRest(pair)
    }

    @Test func `a connection that does not stand, or is being ended, takes no questions`() throws {
        var machine = try Setup.dialer.machine(.dialer)
        let early = machine.handle(.ask(lookup, request: [1], QuestionID(rawValue: 1)), now: .origin)
        #expect(early.answers == [1: .failure(.noStream)])
        var pair = try pair()
        pair.give(.goAway, to: \.dialer)
        ask(&pair)
        #expect(pair.dialer.news.answers == [1: .failure(.noStream)])
    }

    /// The peer's answer as the test has it, and how it ends.
    private func answered(with bytes: [UInt8], close: Bool) throws -> Result<[UInt8], RequestFailure>? {
        var bench = try Bench(.dialer, .dialer)
        try bench.give(.ask(lookup, request: [1, 2], QuestionID(rawValue: 1)))
        let stream = try #require(bench.inbound.last)
        try bench.play(.write(stream, ["/multistream/1.0.0", lookup.id].flatMap(line)))
        #expect(bench.answer(on: stream, after: lookup.id) == [2, 1, 2])
        #expect(bench.streams.contains(.remoteClosed(stream)), "who has asked says no more")
        try bench.play(.write(stream, bytes))
        if close { try bench.play(.closeWrite(stream)) }
        #expect(bench.news.failure == nil)
        return bench.news.answers[1]
    }

    @Test func `an answer that is none`() throws {
        let limit = UInt64(lookup.maximumResponseBytes)
        #expect(try answered(with: Varint.encode(limit + 1), close: false) == .failure(.malformedResponse))
        #expect(try answered(with: [0x80, 0], close: false) == .failure(.malformedResponse))
        #expect(try answered(with: [2, 1], close: true) == .failure(.refused))
        #expect(try answered(with: [], close: true) == .failure(.refused))
        #expect(try answered(with: [2, 1], close: false) == nil, "the rest may come")
        #expect(try answered(with: [2, 1, 2, 9, 9, 9], close: false) == .success([1, 2]), "what follows is not read")
    }

    // MARK: Who asks too much

    @Test func `requests that are open are limited`() throws {
        var bench = try Bench(.listener, Self.answering)
        let streams = try (0..<lookup.maximumOpenRequests).map { _ in try bench.open(lookup.id) }
        let refused = try bench.open(lookup.id)
        #expect(bench.end(of: refused) == .resetByPeer && streams.allSatisfy { bench.end(of: $0) == nil })
        try bench.play(.write(streams[0], [1, 7]))
        try bench.play(.closeWrite(streams[0]))
        let second = try bench.open(lookup.id)
        #expect(bench.end(of: second) == .resetByPeer, "one that the owner thinks about counts")
        try bench.give(.answer(try #require(bench.news.requests.first).id, response: [8]))
        #expect(bench.answer(on: streams[0], after: lookup.id) == [1, 8] && bench.end(of: streams[0]) == .finished)
        let third = try bench.open(lookup.id)
        #expect(bench.end(of: third) == nil, "there is room again")
        try bench.run(lookup.timeout)
        #expect(streams.dropFirst().allSatisfy { bench.end(of: $0) == .resetByPeer }, "nobody asks for ever")
    }

    @Test func `a request that is too long costs the stream only`() throws {
        var bench = try Bench(.listener, Self.answering)
        let stream = try bench.open(lookup.id)
        try bench.play(.write(stream, Varint.encode(UInt64(lookup.maximumRequestBytes + 1))))
        #expect(bench.end(of: stream) == .resetByPeer && bench.news.requests.isEmpty && bench.news.failure == nil)
        let broken = try bench.open(lookup.id)
        try bench.play(.write(broken, [2, 1]))
        try bench.play(.closeWrite(broken))
        #expect(bench.end(of: broken) == .resetByPeer)
    }

    @Test func `an asker that does not close loses the stream in time`() throws {
        var bench = try Bench(.listener, Self.answering)
        let stream = try bench.open(lookup.id)
        try bench.play(.write(stream, [1, 7, 9, 9, 9]))
        #expect(bench.news.requests.map(\.bytes) == [[7]], "and what follows is not read")
        try bench.give(.answer(try #require(bench.news.requests.first).id, response: [8]))
        try bench.run(lookup.timeout)
        #expect(bench.end(of: stream) == .resetByPeer)
    }

    @Test func `a question in a transport that is stuck counts as held`() throws {
        var pair = try pair()
        pair.give(.transportWritable(false), to: \.dialer)
        let idle = pair.dialer.machine.heldBytes
        ask(&pair, 1, [UInt8](repeating: 1, count: 1_000))
        #expect(pair.dialer.machine.heldBytes >= idle + 1_000)
    }
}
