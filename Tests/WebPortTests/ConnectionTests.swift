import IPAddresses
import LoopRuntime
import NIOCore
import NIOEmbedded
import Testing

@testable import WebPort

/// A connection under a clock of its own.
@Suite struct ConnectionTests {
    private let loop = EmbeddedEventLoop()
    private let limits = WebLimits()
    private let request = bytes("GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n")

    private func connection() throws -> (channel: EmbeddedChannel, open: OpenConnections) {
        let open = OpenConnections(limits)
        let shared = WebPortShared(
            executor: LoopExecutor(loop), hosts: ServedHosts(names: [], listening: []), limits: limits,
            connections: NIOLoopBoundBox(open, eventLoop: loop), answer: echo)
        let channel = EmbeddedChannel(handlers: WebPort.handlers(shared), loop: loop)
        try channel.connect(to: NIOCore.SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return (channel, open)
    }

    /// All that has been written since it was last looked at.
    private func answer(_ channel: EmbeddedChannel) throws -> String {
        loop.run()
        var text = ""
        while let part = try channel.readOutbound(as: IOData.self) {
            if case .byteBuffer(let buffer) = part { text += String(buffer: buffer) }
        }
        return text
    }

    @Test func whoAsksNothingIsClosedInTime() throws {
        let (channel, open) = try connection()
        loop.advanceTime(by: limits.idleTimeout - .nanoseconds(1))
        #expect(channel.isActive && open.count == 1)
        loop.advanceTime(by: .nanoseconds(1))
        #expect(!channel.isActive && open.count == 0)
    }

    /// A byte now and then is no request.
    @Test func whoNeverEndsHisRequestIsClosedInTime() throws {
        let (channel, _) = try connection()
        for byte in request.prefix(29) {
            try channel.writeInbound(ByteBuffer(bytes: [byte]))
            loop.advanceTime(by: .seconds(1))
            #expect(channel.isActive)
        }
        loop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    @Test func whoAsksMayAskAgain() throws {
        let (channel, open) = try connection()
        for _ in 0..<5 {
            try channel.writeInbound(ByteBuffer(bytes: request))
            #expect(try answer(channel).hasSuffix("\r\n\r\n/page|-|127.0.0.1"))
            loop.advanceTime(by: limits.idleTimeout - .nanoseconds(1))
        }
        #expect(channel.isActive && open.pendingBytes == 0)
        try channel.close().wait()
        #expect(open.count == 0)
    }

    /// Cut anywhere, requests are the same.
    @Test func requestsMayBeCutAnywhere() throws {
        let both = request + bytes("HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        for cut in 0...both.count {
            let (channel, _) = try connection()
            try channel.writeInbound(ByteBuffer(bytes: both[..<cut]))
            var text = try answer(channel)
            try channel.writeInbound(ByteBuffer(bytes: both[cut...]))
            text += try answer(channel)
            #expect(text.components(of: "HTTP/1.1 200 OK") == 2 && text.components(of: "/page|-|127.0.0.1") == 1)
        }
    }

    @Test func aStoppedPortTakesNobodyIn() throws {
        let open = OpenConnections(limits)
        open.stop()
        let shared = WebPortShared(
            executor: LoopExecutor(loop), hosts: ServedHosts(names: [], listening: []), limits: limits,
            connections: NIOLoopBoundBox(open, eventLoop: loop), answer: echo)
        let channel = EmbeddedChannel(handlers: WebPort.handlers(shared), loop: loop)
        try? channel.connect(to: NIOCore.SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        #expect(!channel.isActive && open.count == 0)
    }
}

extension String {
    /// How often a text is in it.
    fileprivate func components(of part: String) -> Int {
        ranges(of: part).count
    }
}
