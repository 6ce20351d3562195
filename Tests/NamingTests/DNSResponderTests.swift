import DNSCodec
import Foundation
import IPAddresses
import LoopRuntime
import NIOCore
import NIOPosix
import Testing

@testable import Naming

@Suite struct DNSResponderTests {
    private static let overlay = [IPPrefix("10.0.0.0/8")].compactMap { $0 }

    private func zone(_ count: Int = 1) throws -> Zone {
        let addresses = (0..<count).map { IPAddress(family: .ipv6, value: UInt128($0)) } + [address("10.1.2.3")]
        return Zone(domain: try name("weft"), entries: [.init(name: "host-a", addresses: addresses)], ranges: Self.overlay)
    }

    /// A responder on a loop of its own. The body is on another thread, so it may wait.
    private func withResponder<Result: Sendable>(
        _ zone: Zone? = nil, at addresses: [String] = ["127.0.0.1"], answering clients: [IPPrefix] = DNSResponder.loopback,
        _ body: @escaping @Sendable (DNSResponder, LoopExecutor) throws -> Result
    ) async throws -> Result {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let executor = LoopExecutor(group.next())
        let addresses = addresses.map { address($0) }
        var responder: DNSResponder?
        // The port that is free for UDP may not be for TCP.
        for _ in 0..<20 where responder == nil {
            responder = try? await DNSResponder.start(
                zone: zone ?? self.zone(), at: addresses, port: 0, answering: clients, on: executor)
        }
        let started = try #require(responder)
        do {
            let result = try await onThread { try body(started, executor) }
            await started.stop()
            try await group.shutdownGracefully()
            return result
        } catch {
            await started.stop()
            try await group.shutdownGracefully()
            throw error
        }
    }

    /// host-a.weft, of that type.
    private static func query(_ type: UInt8, id: UInt8 = 7) -> [UInt8] {
        [0, id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 6] + bytes("host-a") + [4] + bytes("weft") + [0, 0, type, 0, 1]
    }

    @Test(arguments: ["127.0.0.1", "127.0.0.2", "::1"])
    func aQuestionIsAnsweredFromWhereItWasAsked(text: String) async throws {
        let answer = try await withResponder(at: ["127.0.0.1", "127.0.0.2", "::1"]) { responder, _ in
            let at = try #require(responder.addresses.first { $0.address == address(text) })
            // A connected socket takes no answer from anywhere else.
            let client = try Client(at, SOCK_DGRAM)
            client.send(Self.query(1))
            return client.receive()
        }
        #expect(answer.suffix(4) == [10, 1, 2, 3] && answer.prefix(4) == [0, 7, 0x85, 0])
    }

    @Test func aLongAnswerIsCutByUDPAndWholeByTCP() async throws {
        try await withResponder(zone(60)) { responder, _ in
            let datagrams = try Client(responder.addresses[0], SOCK_DGRAM)
            datagrams.send(Self.query(28))
            #expect(datagrams.receive().prefix(4) == [0, 7, 0x87, 0])
            let connection = try Client(responder.addresses[0], SOCK_STREAM)
            connection.send([0, 29] + Self.query(28))
            let length = connection.receive(exactly: 2)
            #expect(connection.receive(exactly: Int(length[0]) << 8 | Int(length[1])).count == 29 + 60 * 28)
        }
    }

    /// Whatever the pieces they come in; answers come in the order of their questions.
    @Test func questionsOnOneConnectionAreAnsweredInOrder() async throws {
        try await withResponder { responder, _ in
            let connection = try Client(responder.addresses[0], SOCK_STREAM)
            let all = (0..<200).flatMap { [0, 29] + Self.query(1, id: UInt8($0)) }
            for piece in stride(from: 0, to: all.count, by: 1 + all.count / 50) {
                connection.send(Array(all[piece..<min(all.count, piece + 1 + all.count / 50)]))
            }
            for number in 0..<200 { #expect(connection.receive(exactly: 47)[3] == UInt8(number)) }
        }
    }

    /// Its answers wait in the kernel's buffers, then it is not read any more; when it reads, all of them come.
    @Test func whoAsksAndDoesNotReadIsNotHeard() async throws {
        try await withResponder(zone(60)) { responder, _ in
            let connection = try Client(responder.addresses[0], SOCK_STREAM)
            // Long questions, or the kernel's buffers would hold very many: an extension with an option of 2,000 bytes.
            var query = Self.query(28) + [0, 0, 41, 16, 0, 0, 0, 0, 0, 7, 0xd4, 0, 12, 7, 0xd0] + Array(repeating: 0, count: 2000)
            query[11] = 1
            let message = [UInt8(query.count >> 8), UInt8(query.count & 0xff)] + query
            var sent = 0
            while sent < 64 << 20, case let count = connection.trySend(message), count > 0 { sent += count }
            #expect(sent < 64 << 20)
            for _ in 0..<sent / message.count {
                try #require(connection.receive(exactly: 2 + 29 + 60 * 28 + 11).count == 2 + 29 + 60 * 28 + 11)
            }
        }
    }

    @Test func theZoneCanBeReplaced() async throws {
        try await withResponder { responder, executor in
            let client = try Client(responder.addresses[0], SOCK_DGRAM)
            client.send(Self.query(1))
            #expect(client.receive()[3] == 0)
            let empty = Zone(domain: try name("weft"), entries: [], ranges: [])
            try executor.eventLoop.submit { responder.setZone(empty) }.wait()
            client.send(Self.query(1))
            #expect(client.receive()[3] == 3)
        }
    }

    /// The next question is answered, and it is the first answer that comes.
    @Test func noiseIsNotAnswered() async throws {
        try await withResponder { responder, _ in
            let client = try Client(responder.addresses[0], SOCK_DGRAM)
            client.send([])
            client.send([1, 2, 3])
            client.send([0, 7, 0x81, 0] + Self.query(1).dropFirst(4))
            client.send(Self.query(1, id: 9))
            #expect(client.receive()[1] == 9)
        }
    }

    @Test func strangersAreNotAnswered() async throws {
        try await withResponder(answering: Self.overlay) { responder, _ in
            let client = try Client(responder.addresses[0], SOCK_DGRAM)
            client.send(Self.query(1))
            let connection = try Client(responder.addresses[0], SOCK_STREAM)
            #expect(connection.receive().isEmpty)
            #expect(client.receive(waitMillis: 100).isEmpty)
        }
    }

    @Test func oneConnectionTooManyIsClosed() async throws {
        try await withResponder { responder, _ in
            let clients = try (0..<DNSResponder.maximumConnections).map { _ in try Client(responder.addresses[0], SOCK_STREAM) }
            for client in clients {
                client.send([0, 29] + Self.query(1))
                #expect(client.receive(exactly: 47).count == 47)
            }
            #expect(try Client(responder.addresses[0], SOCK_STREAM).receive().isEmpty)
            clients[0].close()
            // There is room again once the loop has seen that.
            let deadline = ContinuousClock.now + .seconds(60)
            while ContinuousClock.now < deadline {
                let client = try Client(responder.addresses[0], SOCK_STREAM)
                client.send([0, 29] + Self.query(1))
                if client.receive(exactly: 47).count == 47 { return }
            }
            Issue.record("no room for another connection")
        }
    }

    @Test func whatIsNoQuestionEndsTheConnection() async throws {
        try await withResponder { responder, _ in
            let connection = try Client(responder.addresses[0], SOCK_STREAM)
            connection.send([0, 0])
            #expect(connection.receive().isEmpty)
        }
    }

    @Test func anAddressThatCannotBeHadIsTold() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let executor = LoopExecutor(group.next())
        let first = try await DNSResponder.start(zone: zone(), at: [address("127.0.0.9")], port: 0, answering: [], on: executor)
        let port = first.addresses[0].port
        let attempt = { (addresses: [String]) async throws -> DNSResponder in
            try await DNSResponder.start(
                zone: zone(), at: addresses.map { address($0) }, port: port, answering: DNSResponder.loopback, on: executor)
        }
        let socket = { (text: String) in IPAddresses.SocketAddress(address(text), port: port) }
        await #expect(throws: DNSResponderError.addressInUse(socket("127.0.0.9"))) { try await attempt(["127.0.0.9"]) }
        await #expect(throws: DNSResponderError.addressNotAvailable(socket("192.0.2.1"))) { try await attempt(["127.0.0.8", "192.0.2.1"]) }
        await #expect(throws: DNSResponderError.unspecifiedAddress(socket("0.0.0.0"))) { try await attempt(["0.0.0.0"]) }
        // Nothing was kept of what could be had.
        try await attempt(["127.0.0.8"]).stop()
        await first.stop()
        try await group.shutdownGracefully()
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/dig"), "needs dig: run scripts/setup test"))
    func digUnderstandsTheAnswer() async throws {
        let text = try await withResponder { responder, _ in
            let (process, output) = (Process(), Pipe())
            process.executableURL = URL(fileURLWithPath: "/usr/bin/dig")
            process.arguments = ["@127.0.0.1", "-p", "\(responder.addresses[0].port)", "+short", "host-a.weft"]
            process.standardOutput = output
            try process.run()
            return String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        }
        #expect(text == "10.1.2.3\n")
    }
}

/// A connected socket that waits for what it expects.
private final class Client {
    private var descriptor: CInt

    init(_ server: IPAddresses.SocketAddress, _ type: __socket_type) throws {
        let family = server.address.family == .ipv4 ? AF_INET : AF_INET6
        descriptor = socket(family, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let result = try NIOCore.SocketAddress(ipAddress: server.address.description, port: Int(server.port)).withSockAddr {
            connect(descriptor, $0, socklen_t($1))
        }
        try #require(result == 0)
    }

    deinit { close() }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    func send(_ bytes: [UInt8]) {
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// -1 if there is no room for a while.
    func trySend(_ bytes: [UInt8]) -> Int {
        var polled = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&polled, 1, 1_000) > 0 else { return -1 }
        return Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    }

    /// One datagram, or what there is of a connection; empty at its end, or when nothing came in time.
    func receive(waitMillis: Int32 = 30_000, atMost limit: Int = 65_536) -> [UInt8] {
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&polled, 1, waitMillis) > 0 else { return [] }
        var buffer = [UInt8](repeating: 0, count: limit)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return Array(buffer.prefix(max(0, count)))
    }

    func receive(exactly count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = receive(atMost: count - bytes.count)
            if more.isEmpty { break }
            bytes += more
        }
        return bytes
    }
}
