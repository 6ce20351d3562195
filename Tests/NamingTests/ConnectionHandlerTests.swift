import DNSCodec
import IPAddresses
import NIOCore
import NIOEmbedded
import Testing

@testable import Naming

/// A connection under a clock of its own.
@Suite struct ConnectionHandlerTests {
    private let loop = EmbeddedEventLoop()
    private let query: [UInt8] = [0, 22, 0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4] + bytes("weft") + [0, 0, 6, 0, 1]

    private func connection() throws -> (channel: EmbeddedChannel, answering: Answering) {
        let zone = Zone(domain: try name("weft"), entries: [], ranges: [])
        let answering = Answering(zone: zone, clients: DNSResponder.loopback, loop)
        let channel = EmbeddedChannel(handler: ConnectionHandler(answering), loop: loop)
        try channel.connect(to: NIOCore.SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return (channel, answering)
    }

    private func receive(_ bytes: some Sequence<UInt8>, on channel: EmbeddedChannel) throws -> ByteBuffer? {
        try channel.writeInbound(ByteBuffer(bytes: bytes))
        return try channel.readOutbound(as: ByteBuffer.self)
    }

    @Test func whoAsksNothingIsClosed() throws {
        let (channel, answering) = try connection()
        loop.advanceTime(by: DNSResponder.idleTimeout - .nanoseconds(1))
        #expect(channel.isActive && answering.open.count == 1)
        loop.advanceTime(by: .nanoseconds(1))
        #expect(!channel.isActive && answering.open.isEmpty)
    }

    /// A byte now and then is no question.
    @Test func whoNeverEndsHisQuestionIsClosed() throws {
        let (channel, _) = try connection()
        for byte in query.prefix(9) {
            #expect(try channel.isActive && receive([byte], on: channel) == nil)
            loop.advanceTime(by: .seconds(1))
        }
        loop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    @Test func whoAsksMayAskAgain() throws {
        let (channel, answering) = try connection()
        for _ in 0..<5 {
            #expect(try receive(query, on: channel)?.readableBytes ?? 0 > query.count)
            loop.advanceTime(by: DNSResponder.idleTimeout - .nanoseconds(1))
        }
        #expect(channel.isActive)
        try channel.close().wait()
        #expect(answering.open.isEmpty)
    }

    @Test func theLongestMessageIsHeldAndNoMore() throws {
        let (channel, _) = try connection()
        let noise = [UInt8](repeating: 0xff, count: 65_535)
        #expect(try receive([0xff, 0xff] + noise.dropLast(), on: channel) == nil && channel.isActive)
        // It says that it is an answer, so nothing is said to it.
        #expect(try receive([0xff], on: channel) == nil && !channel.isActive)
    }
}
