import Glibc
import NIOCore
import Synchronization
import Testing

@testable import WebPort

/// What peers can make a port cost, over real sockets.
@Suite struct LimitTests {
    @Test func aThousandConnectionsLeaveRoomForOneMore() async throws {
        try await withPort { port throws in
            let limit = WebLimits().maximumConnections
            var clients: [Client] = []
            for number in 0..<1_000 {
                let client = try Client(port.addresses[0])
                // Some say nothing, some half of what they have to say, some all of it.
                if number % 3 == 1 { client.send("GET / HT") }
                if number % 3 == 2 { client.send("GET /\(number) HTTP/1.1\r\nHost: localhost\r\n\r\n") }
                clients.append(client)
            }
            #expect(try Client(port.addresses[0]).get("/one-more")?.status == 200)
            #expect(try port.waits { $0.count == limit || $0.count == limit - 1 })
            // The first ones had to go, the last ones have not.
            #expect(clients[0].isAtEnd())
            #expect(clients[999].get("/still-here")?.status == 200)
        }
    }

    @Test func theOldestIdleOneGoes() async throws {
        var limits = WebLimits()
        limits.maximumConnections = 3
        try await withPort(limits: limits) { port throws in
            let clients = try (0..<3).map { _ in try Client(port.addresses[0]) }
            for index in [0, 1, 2, 0, 2] { #expect(clients[index].get("/")?.status == 200) }
            #expect(try Client(port.addresses[0]).get("/")?.status == 200)
            #expect(clients[1].isAtEnd())
            #expect(clients[0].get("/")?.status == 200 && clients[2].get("/")?.status == 200)
        }
    }

    /// Nobody is taken in when nobody can go: their answers are being made.
    @Test func whoIsBeingAnsweredStays() async throws {
        var limits = WebLimits()
        limits.maximumConnections = 2
        let gate = Gate()
        try await withPort(limits: limits, answer: { _ in await gate.wait() }) { port throws in
            let clients = try (0..<2).map { _ in try Client(port.addresses[0]) }
            for client in clients { client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") }
            while gate.count < 2 { usleep(1_000) }
            #expect(try Client(port.addresses[0]).isAtEnd())
            gate.open()
            for client in clients { #expect(client.receive()?.text == "open") }
        }
    }

    /// Answers that nobody reads are bounded, whoever does not read them, and the one who does gets his.
    @Test func whoNeverReadsMakesRoomForWhoDoes() async throws {
        var limits = WebLimits()
        limits.maximumPendingBytes = 24 << 20
        let page = ByteBuffer(repeating: UInt8(ascii: "x"), count: 8 << 20)
        try await withPort(limits: limits, answer: { _ in .json(page) }) { port throws in
            var deaf: [Client] = []
            for number in 0..<10 {
                let client = try Client(port.addresses[0], receiveBufferBytes: 4096)
                client.send(String(repeating: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", count: 20))
                deaf.append(client)
                let expected = min(number + 1, 3) * (8 << 20)
                #expect(try port.waits { $0.pendingBytes == expected })
            }
            #expect(try Client(port.addresses[0]).get("/")?.body.count == 8 << 20)
            #expect(try port.onLoop { $0.pendingBytes } <= 24 << 20)
            for client in deaf { client.close() }
            #expect(try port.waits { $0.pendingBytes == 0 && $0.count == 0 })
        }
    }

    @Test func whoIsSlowGoesWhenNobodyIsIdle() async throws {
        var limits = WebLimits()
        limits.maximumConnections = 2
        let page = ByteBuffer(repeating: UInt8(ascii: "x"), count: 8 << 20)
        try await withPort(limits: limits, answer: { _ in .json(page) }) { port throws in
            var deaf: [Client] = []
            for number in 1...2 {
                deaf.append(try Client(port.addresses[0], receiveBufferBytes: 4096))
                deaf[number - 1].send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(try port.waits { $0.pendingBytes == number * (8 << 20) })
            }
            #expect(try Client(port.addresses[0]).get("/")?.body.count == 8 << 20)
            #expect(try port.waits { $0.pendingBytes == 8 << 20 })
        }
    }

    @Test func anAnswerThatIsLongerThanAllThatMayWaitIsNotGiven() async throws {
        var limits = WebLimits()
        limits.maximumPendingBytes = 1_000
        let page = { @Sendable (request: WebRequest) in
            WebAnswer.text(String(repeating: "x", count: request.path == "/long" ? 1_001 : 1_000))
        }
        try await withPort(limits: limits, answer: page) { port throws in
            let client = try Client(port.addresses[0])
            #expect(client.get("/")?.body.count == 1_000)
            #expect(client.get("/long")?.status == 500)
            #expect(client.isAtEnd())
        }
    }

    // MARK: Time

    @Test func whoAsksNothingIsClosed() async throws {
        var limits = WebLimits()
        limits.idleTimeout = .milliseconds(20)
        try await withPort(limits: limits) { port throws in
            #expect(try Client(port.addresses[0]).isAtEnd())
            let half = try Client(port.addresses[0])
            half.send("GET / HTTP/1.1\r\nHost:")
            #expect(half.isAtEnd())
        }
    }

    @Test func whoTakesNothingIsClosed() async throws {
        var limits = WebLimits()
        limits.stallTimeout = .milliseconds(20)
        let page = ByteBuffer(repeating: UInt8(ascii: "x"), count: 8 << 20)
        try await withPort(limits: limits, answer: { _ in .json(page) }) { port throws in
            let client = try Client(port.addresses[0], receiveBufferBytes: 4096)
            client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try port.waits { $0.pendingBytes == 8 << 20 })
            #expect(try port.waits { $0.pendingBytes == 0 && $0.count == 0 })
        }
    }

    @Test func whoDoesNotGoIsClosed() async throws {
        var limits = WebLimits()
        limits.lingerTimeout = .milliseconds(20)
        try await withPort(limits: limits) { port throws in
            let client = try Client(port.addresses[0])
            client.send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            #expect(client.receive()?.status == 200)
            #expect(try port.waits { $0.count == 0 })
        }
    }

    /// An answer to nobody is no harm.
    @Test func whoLeavesWhileHeIsAnsweredIsForgotten() async throws {
        let gate = Gate()
        try await withPort(answer: { _ in await gate.wait() }) { port throws in
            let client = try Client(port.addresses[0])
            client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            while gate.count < 1 { usleep(1_000) }
            client.close()
            gate.open()
            #expect(try port.waits { $0.count == 0 && $0.pendingBytes == 0 })
            #expect(try Client(port.addresses[0]).get("/")?.text == "open")
        }
    }
}

/// Holds answers back until it is opened.
private final class Gate: Sendable {
    private struct Contents {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let contents = Mutex(Contents())

    /// How many wait.
    var count: Int { contents.withLock { $0.waiting.count } }

    func wait() async -> WebAnswer {
        await withCheckedContinuation { continuation in
            let isOpen = contents.withLock { contents in
                if !contents.isOpen { contents.waiting.append(continuation) }
                return contents.isOpen
            }
            if isOpen { continuation.resume() }
        }
        return .text("open")
    }

    func open() {
        let waiting = contents.withLock { contents in
            contents.isOpen = true
            defer { contents.waiting = [] }
            return contents.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
