import Multiformats
import SecureChannel
import Testing
import Timeline
import WeftTestKit

@testable import PeerConnection
@testable import Yamux

@Suite struct MessageTests {
    private func pattern(_ count: Int, _ seed: UInt64 = 1) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        return generator.bytes(count)
    }

    @Test(arguments: [1, 1_000, .max])
    func `frames go both ways, in order`(chunk: Int) throws {
        var pair = try Pair.established()
        pair.chunk = chunk
        let frames = [0, 1, 127, 128, 1_000, 0].map { pattern($0) }
        for frame in frames {
            pair.give(.send(gossip, frame: frame), to: \.dialer)
            pair.give(.send(gossip, frame: frame.reversed()), to: \.listener)
            pair.give(.send(sync, frame: frame), to: \.listener)
        }
        #expect(pair.listener.news.messages(gossip) == frames)
        #expect(pair.dialer.news.messages(gossip) == frames.map { $0.reversed() })
        #expect(pair.dialer.news.messages(sync) == frames)
        #expect(pair.listener.news.canSend(sync) == ["/sync/1"] && pair.dialer.news.canSend(sync).isEmpty)
    }

    @Test func `frames larger than the window`() throws {
        var pair = try Pair.established()
        let frames = [3 << 20, 4 << 20, 1].map { pattern($0) }
        for frame in frames { pair.give(.send(gossip, frame: frame), to: \.dialer) }
        #expect(pair.listener.news.messages(gossip) == frames)
        #expect(pair.dialer.machine.open?.outbound[gossip]?.queuedBytes == 0)
    }

    @Test func `frames wait for the protocol to be agreed on`() throws {
        var pair = try Pair()
        while pair.dialer.machine.remotePeer == nil { pair.settleOnce() }
        for number in 0..<10 { pair.dialer.note(pair.dialer.machine.handle(.send(gossip, frame: [UInt8(number)]), now: pair.now)) }
        #expect(pair.dialer.machine.open?.outbound[gossip]?.queuedBytes == 20)
        pair.settle()
        #expect(pair.listener.news.messages(gossip) == (0..<10).map { [UInt8($0)] })
    }

    @Test func `a reader that pauses gets everything afterwards`() throws {
        var pair = try Pair.established()
        pair.dialer.isRead = false
        pair.give(.transportWritable(false), to: \.dialer)
        let frames = (0..<50).map { pattern(100_000, UInt64($0)) }
        for frame in frames { pair.give(.send(gossip, frame: frame), to: \.dialer) }
        #expect(pair.dialer.sent.isEmpty, "what the transport does not take stays in bounded queues")
        pair.dialer.isRead = true
        pair.give(.transportWritable(true), to: \.dialer)
        #expect(pair.listener.news.messages(gossip) == frames)
    }

    @Test func `a peer whose window stays closed gets everything once it reads`() throws {
        var bench = try Bench()
        bench.reads = false
        let stream = try bench.agreeOnGossip()
        let frames = (0..<10).map { pattern(100_000, UInt64($0)) }
        for frame in frames { try bench.give(.send(gossip, frame: frame)) }
        let unread = bench.bytes(on: stream).count
        #expect(unread == Int(YamuxConfiguration.initialWindow))
        bench.reads = true
        try bench.play(.consumed(stream, unread))
        let offered = (["/multistream/1.0.0"] + gossip.ids.prefix(1)).flatMap(line)
        var decoder = LengthPrefixedDecoder(maximumLength: gossip.maximumFrameBytes)
        decoder.append(bench.bytes(on: stream).dropFirst(offered.count))
        for frame in frames { #expect(try decoder.next() == frame) }
    }

    @Test func `a peer that does not read is given up when the queue is full`() throws {
        var bench = try Bench()
        bench.reads = false
        _ = try bench.agreeOnGossip()
        let limits = ConnectionLimits()
        let frame = pattern(1 << 20)
        let roomBeforeTheQueue = Int(YamuxConfiguration.initialWindow) + YamuxConfiguration().maximumBufferedSendBytes
        var sent = 0
        while bench.news.failure == nil, sent < 100 << 20 {
            try bench.give(.send(gossip, frame: frame))
            sent += frame.count
            #expect((bench.machine.open?.outbound[gossip]?.queuedBytes ?? 0) <= limits.maximumQueuedBytes)
        }
        #expect(bench.news.failure == .tooSlow)
        #expect(sent > limits.maximumQueuedBytes && sent <= limits.maximumQueuedBytes + roomBeforeTheQueue + 2 * frame.count)
    }

    @Test func `what is not whole or not read counts as held`() throws {
        var bench = try Bench()
        let idle = bench.machine.heldBytes
        let stream = try bench.open("/gossip/1")
        #expect(bench.machine.heldBytes == idle + ConnectionLimits.bytesPerStream)
        let piece = [UInt8](repeating: 7, count: 10_000)
        try bench.play(.write(stream, Varint.encode(UInt64(100_000)) + piece))
        #expect(bench.machine.heldBytes == idle + ConnectionLimits.bytesPerStream + piece.count)
        try bench.play(.reset(stream))
        #expect(bench.machine.heldBytes == idle)
        try bench.give(.transportWritable(false))
        try bench.give(.send(gossip, frame: piece))
        #expect(bench.machine.heldBytes > idle + piece.count)
    }

    @Test func `many small frames count by their bytes`() throws {
        var setup = Setup.dialer
        setup.limits.maximumQueuedBytes = 1_000
        var machine = try Pair.established(setup).dialer.machine
        _ = machine.handle(.transportWritable(false), now: .origin)
        var failure: ConnectionFailure?
        var count = 0
        while failure == nil, count < 300_000 {
            failure = machine.handle(.send(gossip, frame: [1]), now: .origin).failure
            count += 1
        }
        #expect(failure == .tooSlow)
        #expect(count == (YamuxConfiguration().maximumBufferedSendBytes + 1_000) / 2 + 1)
    }

    @Test func `a second stream of the peer replaces its first`() throws {
        var bench = try Bench()
        let first = try bench.open("/gossip/2")
        try bench.play(.write(first, [2, 1, 1, 5, 1]))
        let second = try bench.open("/gossip/1")
        #expect(bench.end(of: first) == .resetByPeer)
        #expect(bench.end(of: second) == nil)
        try bench.play(.write(second, [2, 2, 2]))
        #expect(bench.news.messages(gossip) == [[1, 1], [2, 2]])
        let other = try bench.open("/sync/1")
        #expect(bench.end(of: second) == nil, "another protocol is another matter")
        try bench.play(.closeWrite(other))
        #expect(bench.end(of: other) == .finished)
    }

    @Test func `a frame that is too long costs the stream only`() throws {
        var bench = try Bench()
        let stream = try bench.open("/sync/1")
        let longest = [UInt8](repeating: 1, count: sync.maximumFrameBytes)
        try bench.play(.write(stream, LengthPrefixed.encode(longest)))
        try bench.play(.write(stream, Varint.encode(UInt64(sync.maximumFrameBytes + 1))))
        #expect(bench.news.messages(sync) == [longest])
        #expect(bench.end(of: stream) == .resetByPeer)
        #expect(bench.news.failure == nil)
    }

    @Test func `a stream that the peer gives up is opened again, so often`() throws {
        var bench = try Bench()
        bench.news = []
        let limit = ConnectionLimits().maximumReopenedStreams
        for round in 1...limit + 1 {
            let stream = try bench.agreeOnGossip()
            #expect(bench.news.canSend(gossip).count == round)
            try bench.play(.reset(stream))
            #expect(bench.news.cannotSend(gossip) == round)
        }
        #expect(bench.inbound.count == 2 + limit, "identify, gossip, and gossip again")
        #expect(bench.machine.open?.streams.count == 1, "identify")
    }

    @Test func `a peer without the protocol`() throws {
        var listening = Setup.listener
        listening.protocols = []
        var pair = try Pair(.dialer, listening)
        pair.settle()
        #expect(pair.dialer.news.cannotSend(gossip) == 1 && pair.dialer.news.canSend(gossip).isEmpty)
        for _ in 0..<3 {
            pair.give(.send(gossip, frame: [1]), to: \.dialer)
            pair.give(.send(sync, frame: [1]), to: \.dialer)
        }
        #expect(pair.dialer.news.cannotSend(sync) == 1, "asked once")
        #expect(pair.dialer.machine.open?.streams.isEmpty == true)
        #expect(pair.dialer.machine.open?.outbound.values.allSatisfy { $0.queued.isEmpty } == true)
        #expect(pair.dialer.news.failure == nil)
    }

    @Test func `a peer that speaks the second id only`() throws {
        var listening = Setup.listener
        listening.protocols = [MessageProtocol(ids: ["/gossip/1"], maximumFrameBytes: 100, opensAtOnce: true)]
        var pair = try Pair(.dialer, listening)
        pair.settle()
        #expect(pair.dialer.news.canSend(gossip) == ["/gossip/1"])
        pair.give(.send(gossip, frame: [1]), to: \.dialer)
        #expect(pair.listener.news.messages(listening.protocols[0]) == [[1]])
    }

    /// An incomplete frame must not be copied for each byte that comes: 1 MiB in 20,000 pieces would be 10 GiB.
    @Test(.timeLimit(.minutes(1))) func `a long frame in small pieces costs no more than its bytes`() throws {
        var bench = try Bench()
        let stream = try bench.open("/gossip/2")
        let frame = pattern(4 << 20)
        let bytes = LengthPrefixed.encode(frame)
        let clock = ContinuousClock()
        try bench.play(.write(stream, Array(bytes.prefix(100_000))))
        var rest = bytes.dropFirst(100_000)
        func pieces(_ count: Int) throws -> Duration {
            try clock.measure {
                for _ in 0..<count { try bench.play(.write(stream, [rest.popFirst() ?? 0])) }
            }
        }
        let early = try pieces(500)
        while rest.count > 1_000 {
            let piece = rest.prefix(200_000).dropLast(rest.count <= 200_000 ? 1_000 : 0)
            try bench.play(.write(stream, Array(piece)))
            rest = rest.dropFirst(piece.count)
        }
        let late = try pieces(500)
        #expect(late < early * 3 + .milliseconds(150))
        try bench.play(.write(stream, Array(rest)))
        #expect(bench.news.messages(gossip) == [frame])
    }
}

extension Pair {
    /// One step of each end, so that a test can stop in the middle.
    fileprivate mutating func settleOnce() {
        let (toListener, toDialer) = (dialer.sent, listener.sent)
        (dialer.sent, listener.sent) = ([], [])
        if !toListener.isEmpty { listener.note(listener.machine.handle(.received(toListener), now: now)) }
        if !toDialer.isEmpty { dialer.note(dialer.machine.handle(.received(toDialer), now: now)) }
    }
}

extension Bench {
    /// Answers the newest gossip stream of the machine with the protocol that it prefers.
    mutating func agreeOnGossip() throws -> YamuxStreamID {
        let stream = try #require(inbound.last)
        try play(.write(stream, line("/multistream/1.0.0") + line(gossip.ids[0])))
        return stream
    }
}
