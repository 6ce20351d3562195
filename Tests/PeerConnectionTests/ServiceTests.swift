import Multiformats
import SecureChannel
import Testing
import Timeline

@testable import PeerConnection
@testable import Yamux

@Suite struct ServiceTests {
    // MARK: Identify

    @Test func `new addresses are pushed`() throws {
        var pair = try Pair.established()
        pair.give(.describe(listenAddresses: [loopback(11), loopback(12)]), to: \.listener)
        #expect(pair.dialer.news.descriptions.map(\.listenAddresses) == [[loopback(11), loopback(12)]])
        #expect(pair.listener.machine.open?.streams.count == 2 && pair.dialer.machine.open?.streams.count == 2, "the push is over")
    }

    @Test func `where a peer listens comes in its own signed words too`() throws {
        var pair = try Pair.established()
        let record = try PeerRecord(peerID: identity(2).peerID, sequence: 1, addresses: [loopback(11)]).sealed(by: identity(2)).encoded
        pair.give(.describe(listenAddresses: [loopback(11)], signedPeerRecord: record), to: \.listener)
        #expect(pair.dialer.news.descriptions.map(\.signedPeerRecord) == [record])
        var collector = IdentifyCollector(limits: ConnectionLimits())
        var long = WireIdentify()
        long.signedPeerRecord = .init(repeating: 0, count: PeerRecord.maximumByteCount + 1)
        #expect(collector.add(try long.serializedBytes()))
        #expect(collector.collected?.signedPeerRecord == nil)
    }

    @Test func `identify is answered and closed`() throws {
        var bench = try Bench()
        let stream = try bench.open(IdentifyProtocol.id)
        var decoder = LengthPrefixedDecoder(maximumLength: 8_192)
        decoder.append(bench.answer(on: stream, after: IdentifyProtocol.id))
        let message = try WireIdentify(serializedBytes: try #require(try decoder.next()))
        #expect(Array(message.publicKey) == (try identity(2).publicKey.protobuf))
        #expect(message.agentVersion == "weft/2" && message.protocolVersion == "ipfs/0.1.0")
        #expect(bench.streams.contains(.remoteClosed(stream)))
        try bench.play(.closeWrite(stream))
        #expect(bench.end(of: stream) == .finished)
    }

    private func part(_ change: (inout WireIdentify) -> Void) throws -> [UInt8] {
        var message = WireIdentify()
        change(&message)
        return LengthPrefixed.encode(try message.serializedBytes())
    }

    @Test func `parts of a description are merged`() throws {
        var bench = try Bench()
        bench.news = []
        let stream = try bench.open(IdentifyProtocol.pushID)
        try bench.play(.write(stream, try part { $0.agentVersion = "first" } + part { $0.protocols = ["/a"] }))
        let rest = try part {
            $0.protocols = ["/b"]
            $0.listenAddrs = [.init(loopback(1).bytes), .init([0xff, 0xff, 0xff])]
        }
        for byte in rest { try bench.play(.write(stream, [byte])) }
        #expect(bench.news.descriptions.isEmpty, "until it ends")
        try bench.play(.closeWrite(stream))
        var expected = PeerDescription()
        expected.agentVersion = "first"
        expected.protocols = ["/a", "/b"]
        expected.listenAddresses = [loopback(1)]
        #expect(bench.news.descriptions == [expected])
    }

    @Test func `a description has limits`() throws {
        let limits = ConnectionLimits()
        var bench = try Bench()
        bench.news = []
        let many = try bench.open(IdentifyProtocol.pushID)
        let entries = try part {
            $0.protocols = (0..<limits.maximumIdentifyEntries + 1).map { "/p/\($0)" }
            $0.listenAddrs = (0..<limits.maximumIdentifyEntries + 1).map { .init(loopback(UInt16($0)).bytes) }
            $0.agentVersion = String(repeating: "x", count: IdentifyProtocol.maximumAgentBytes + 1)
        }
        try bench.play(.write(many, entries + entries))
        try bench.play(.closeWrite(many))
        let description = try #require(bench.news.descriptions.first)
        #expect(description.protocols.count == limits.maximumIdentifyEntries)
        #expect(description.listenAddresses.count == limits.maximumIdentifyEntries)
        #expect(description.agentVersion.isEmpty)

        let parts = try bench.open(IdentifyProtocol.pushID)
        for _ in 0..<limits.maximumIdentifyParts { try bench.play(.write(parts, try part { $0.protocols = ["/a"] })) }
        #expect(bench.end(of: parts) == nil)
        try bench.play(.write(parts, try part { $0.protocols = ["/a"] }))
        #expect(bench.end(of: parts) == .resetByPeer)

        let long = try bench.open(IdentifyProtocol.pushID)
        try bench.play(.write(long, Varint.encode(UInt64(limits.maximumIdentifyBytes + 1))))
        #expect(bench.end(of: long) == .resetByPeer)

        let noise = try bench.open(IdentifyProtocol.pushID)
        try bench.play(.write(noise, [3, 0xff, 0xff, 0xff]))
        #expect(bench.end(of: noise) == .resetByPeer)
        #expect(bench.news.descriptions.count == 1)
    }

    @Test func `a description must end in time`() throws {
        var bench = try Bench()
        let stream = try bench.open(IdentifyProtocol.pushID)
        try bench.run(ConnectionLimits().identifyTimeout - .nanoseconds(1))
        #expect(bench.end(of: stream) == nil)
        try bench.run(.nanoseconds(1))
        #expect(bench.end(of: stream) == .resetByPeer)
        #expect(bench.news.failure == nil, "only the stream is lost")
    }

    @Test(arguments: [IdentifyProtocol.pushID, IdentifyProtocol.id])
    func `streams of identify are limited`(id: String) throws {
        var bench = try Bench()
        let limit = ConnectionLimits().maximumIdentifyStreams
        let streams = try (0..<limit).map { _ in try bench.open(id) }
        let refused = try bench.open(id)
        #expect(streams.allSatisfy { bench.end(of: $0) == nil })
        #expect(bench.end(of: refused) == .resetByPeer)
        try bench.play(.closeWrite(streams[0]))
        let next = try bench.open(id)
        #expect(bench.end(of: next) == nil, "there is room again")
    }

    @Test func `a peer that keeps an answered stream open loses it`() throws {
        var bench = try Bench()
        let stream = try bench.open(IdentifyProtocol.id)
        try bench.run(ConnectionLimits().identifyTimeout)
        #expect(bench.end(of: stream) == .resetByPeer)
    }

    // MARK: Ping

    @Test func `pings are echoed as they become whole`() throws {
        var bench = try Bench()
        let stream = try bench.open(PingProtocol.id)
        let pings = (0..<96).map { UInt8($0) }
        for (index, byte) in pings.enumerated() {
            try bench.play(.write(stream, [byte]))
            #expect(bench.answer(on: stream, after: PingProtocol.id) == Array(pings.prefix((index + 1) / 32 * 32)))
        }
        try bench.play(.closeWrite(stream))
        #expect(bench.end(of: stream) == .finished)
    }

    @Test func `ping streams are limited`() throws {
        var bench = try Bench()
        let limit = ConnectionLimits().maximumPingStreams
        let streams = try (0..<limit).map { _ in try bench.open(PingProtocol.id) }
        let refused = try bench.open(PingProtocol.id)
        #expect(bench.end(of: refused) == .resetByPeer)
        try bench.play(.reset(streams[0]))
        let next = try bench.open(PingProtocol.id)
        #expect(bench.end(of: next) == nil)
    }

    @Test func `a peer that pings without reading is cut off`() throws {
        var bench = try Bench()
        let stream = try bench.open(PingProtocol.id)
        bench.reads = false
        // What the peer's window takes, and what the queue holds.
        let room = Int(YamuxConfiguration.initialWindow) + YamuxConfiguration().maximumBufferedSendBytes
        let pings = [UInt8](repeating: 1, count: 32_768)
        var sent = 0
        while bench.end(of: stream) == nil, sent < 4 * room {
            try bench.play(.write(stream, pings))
            sent += pings.count
        }
        #expect(bench.end(of: stream) == .resetByPeer)
        #expect(sent <= room + pings.count)
    }

    // MARK: Negotiation

    @Test func `an unknown protocol is refused and the next proposal taken`() throws {
        var bench = try Bench()
        let stream = try bench.open("/nothing/1", "/ls", PingProtocol.id)
        #expect(bench.bytes(on: stream) == ["/multistream/1.0.0", "na", "na", PingProtocol.id].flatMap(line))
        try bench.play(.write(stream, [UInt8](repeating: 2, count: 32)))
        #expect(bench.answer(on: stream, after: "na", "na", PingProtocol.id).count == 32)
    }

    @Test func `a stream whose protocol is never agreed on is reset`() throws {
        var bench = try Bench()
        let stream = try bench.open()
        try bench.run(ConnectionLimits().streamNegotiationTimeout - .nanoseconds(1))
        #expect(bench.end(of: stream) == nil)
        try bench.run(.nanoseconds(1))
        #expect(bench.end(of: stream) == .resetByPeer)
    }

    @Test func `our own streams do not wait for ever`() throws {
        var bench = try Bench()
        #expect(bench.inbound.count == 2, "identify and gossip")
        bench.news = []
        #expect(bench.machine.nextDeadline == bench.now + ConnectionLimits().streamNegotiationTimeout)
        try bench.run(ConnectionLimits().streamNegotiationTimeout)
        #expect(bench.inbound.prefix(2).allSatisfy { bench.end(of: $0) == .resetByPeer })
        #expect(bench.news.cannotSend(gossip) == 1)
        #expect(bench.inbound.count == 3, "a peer that was slow is asked again for gossip")
        for _ in 0..<10 { try bench.run(ConnectionLimits().streamNegotiationTimeout) }
        #expect(bench.inbound.count == 2 + ConnectionLimits().maximumReopenedStreams)
        #expect(bench.machine.nextDeadline == nil)
        #expect(bench.news.failure == nil)
    }

    @Test func `rubbish in a negotiation costs the stream only`() throws {
        var bench = try Bench()
        try bench.play(.open)
        let stream = YamuxStreamID(rawValue: 1)
        try bench.play(.write(stream, [1, 2, 3]))
        #expect(bench.end(of: stream) == .resetByPeer)
        #expect(bench.news.failure == nil)
    }
}
