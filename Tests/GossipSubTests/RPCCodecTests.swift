import Testing
import WeftTestKit

@testable import GossipSub

@Suite("RPC codec")
struct RPCCodecTests {
    private let limits = GossipSubConfiguration()
    private let entries: [ControlEntry] = [
        .ihave(topic, [MessageID(bytes: [1]), MessageID(bytes: [0xff, 0xfe])]), .iwant([MessageID(bytes: [2])]), .graft(topic),
        .prune(topic, backoffSeconds: 60), .prune(Topic("other"), backoffSeconds: nil),
    ]

    @Test("what is encoded is decoded")
    func roundTrip() throws {
        let rpc = try RPCCodec.decode(
            frame(subscribe: [topic], unsubscribe: [Topic("x")], messages: [[0x22, 1, 0x61], []], control: entries), limits)
        #expect(rpc.subscriptions.map(\.topic) == [topic, Topic("x")])
        #expect(rpc.subscriptions.map(\.isSubscribed) == [true, false])
        #expect(rpc.messages == [[0x22, 1, 0x61], []])
        #expect(rpc.control == entries)
        #expect(rpc.excess.isEmpty)
    }

    @Test("known bytes")
    func knownBytes() {
        #expect(frame(subscribe: [Topic("a")]) == [0x0a, 5, 0x08, 1, 0x12, 1, 0x61])
        #expect(frame(control: [.graft(Topic("a"))]) == [0x1a, 5, 0x1a, 3, 0x0a, 1, 0x61])
        #expect(frame(control: [.prune(Topic("a"), backoffSeconds: 60)]) == [0x1a, 7, 0x22, 5, 0x0a, 1, 0x61, 0x18, 60])
        #expect(frame(messages: [[7]]) == [0x12, 1, 7])
        #expect(frame() == [])
    }

    @Test("newer fields are ignored: IDONTWANT, extensions, and whatever follows")
    func unknownFields() throws {
        let extensions: [UInt8] = [0x1a, 8, 0x2a, 3, 0x0a, 1, 9, 0x32, 1 - 1, 0x50]
        #expect(throws: DropReason.malformedRPC) { try RPCCodec.decode(extensions, limits) }
        let rpc = try RPCCodec.decode([0x1a, 7, 0x2a, 3, 0x0a, 1, 9, 0x32, 0, 0x50, 1, 0x59, 1, 2, 3, 4, 5, 6, 7, 8], limits)
        #expect(rpc.control.isEmpty && rpc.messages.isEmpty && rpc.subscriptions.isEmpty)
    }

    @Test("an embedded message in two parts is one")
    func mergedControl() throws {
        let two = frame(control: [.graft(topic)]) + frame(control: [.prune(topic, backoffSeconds: 1)])
        #expect(try RPCCodec.decode(two, limits).control == [.graft(topic), .prune(topic, backoffSeconds: 1)])
    }

    @Test(
        "frames that are no protobuf are refused",
        arguments: [
            [0x0a], [0x0a, 5, 1], [0x00], [0x0b], [0x0c], [0x0f], [0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x0d, 1], [0x09, 1], [0x0a, 3, 0x12, 1, 0xff],
            [0x1a, 2, 0x1a, 9],
        ] as [[UInt8]])
    func malformed(bytes: [UInt8]) {
        #expect(throws: DropReason.malformedRPC) { try RPCCodec.decode(bytes, limits) }
    }

    @Test("what does not fit one frame goes into several, in order")
    func splits() throws {
        var builder = FrameBuilder(maximumBytes: 300)
        let messages = (0..<10).map { [UInt8](repeating: UInt8($0), count: 120) }
        builder.add(Subscription(topic: topic, isSubscribed: true))
        for message in messages { builder.add(message: message) }
        for entry in entries { builder.add(entry) }
        builder.finish()
        #expect(builder.frames.count > 4)
        #expect(builder.frames.allSatisfy { $0.count <= 300 })
        let rpcs = try builder.frames.map { try RPCCodec.decode($0, limits) }
        #expect(rpcs[0].subscriptions.count == 1)
        #expect(rpcs.flatMap(\.messages) == messages)
        #expect(rpcs.flatMap(\.control) == entries)
    }

    @Test("a message of the largest size fits a frame of the largest size")
    func largestMessage() {
        let largest = frame(messages: [[UInt8](repeating: 0, count: limits.maximumMessageBytes)])
        #expect(largest.count <= limits.maximumRPCBytes)
    }

    @Test("topics are told apart by their bytes")
    func topicBytes() {
        #expect("e\u{301}" == "\u{e9}")
        #expect(Topic("e\u{301}") != Topic("\u{e9}"))
    }
}
