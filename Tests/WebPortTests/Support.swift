import Foundation
import IPAddresses
import LoopRuntime
import NIOCore
import NIOPosix
import Testing

@testable import WebPort

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// Texts of the tests themselves: one that is no address fails the test that uses it.
func socketAddress(_ text: String) -> IPAddresses.SocketAddress {
    IPAddresses.SocketAddress(text) ?? IPAddresses.SocketAddress(IPAddress(family: .ipv4, value: 0), port: 0)
}

/// Runs on a thread of its own, which may wait.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Swift.Result(catching: body)) }.start()
    }
}

/// A page that tells what was asked.
@Sendable func echo(_ request: WebRequest) -> WebAnswer? {
    guard request.path != "/missing" else { return nil }
    return .text("\(request.path)|\(request.query ?? "-")|\(request.client.map { "\($0)" } ?? "-")")
}

/// A port on a loop of its own. The body is on another thread.
func withPort<Result: Sendable>(
    at addresses: [String] = ["127.0.0.1:0"], names: [String] = [], limits: WebLimits = WebLimits(),
    answer: @escaping @Sendable (WebRequest) async -> WebAnswer? = echo,
    _ body: @escaping @Sendable (WebPort) throws -> Result
) async throws -> Result {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let executor = LoopExecutor(group.next())
    let port = try await WebPort.start(at: addresses.map { socketAddress($0) }, names: names, limits: limits, on: executor, answer: answer)
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await onThread { try body(port) }) } catch { result = .failure(error) }
    await port.stop()
    try await group.shutdownGracefully()
    return try result.get()
}

extension WebPort {
    /// What its loop knows. Not to be called there.
    func onLoop<Result: Sendable>(_ body: @escaping @Sendable (OpenConnections) -> Result) throws -> Result {
        let connections = self.connections
        return try connections.eventLoop.submit { body(connections.value) }.wait()
    }

    /// Waits until it is so; false if it does not come to be.
    func waits(until condition: @escaping @Sendable (OpenConnections) -> Bool) throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if try onLoop(condition) { return true }
            usleep(2_000)
        }
        return false
    }
}

/// An answer as it came.
struct Reply: Equatable {
    var status: Int
    /// Names in lower case.
    var headers: [String: String]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
}

/// A connected socket that waits for what it expects.
final class Client {
    private var descriptor: CInt
    private var received: [UInt8] = []

    init(_ server: IPAddresses.SocketAddress, receiveBufferBytes: CInt? = nil) throws {
        let family = server.address.family == .ipv4 ? AF_INET : AF_INET6
        descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if var receiveBufferBytes {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBufferBytes, socklen_t(MemoryLayout<CInt>.size))
        }
        var isOn: CInt = 1
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<CInt>.size))
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

    /// Whether all of it could be sent: a peer that has closed takes no more.
    @discardableResult func send(_ bytes: some Collection<UInt8>) -> Bool {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    @discardableResult func send(_ text: String) -> Bool { send(bytes(text)) }

    func sendEnd() { shutdown(descriptor, CInt(SHUT_WR)) }

    /// False at the end of the connection, or when nothing came in time.
    private func receiveMore() -> Bool {
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&polled, 1, 60_000) > 0 else { return false }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        received += buffer.prefix(max(0, count))
        return count > 0
    }

    /// Whether the connection has ended, and nothing came before that.
    func isAtEnd() -> Bool { received.isEmpty && !receiveMore() && received.isEmpty }

    /// The rest of all that comes.
    func receiveAll() -> [UInt8] {
        while receiveMore() {}
        defer { received = [] }
        return received
    }

    /// The next answer; `nil` if none comes.
    func receive(isWithoutBody: Bool = false) -> Reply? {
        var end = received.firstRange(of: bytes("\r\n\r\n"))
        while end == nil {
            guard receiveMore() else { return nil }
            end = received.firstRange(of: bytes("\r\n\r\n"))
        }
        guard let end else { return nil }
        let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (parts[0].lowercased(), parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : "")
        }
        let headers = Dictionary(fields) { first, _ in first }
        received.removeSubrange(..<end.upperBound)
        let length = isWithoutBody ? 0 : headers["content-length"].flatMap { Int($0) } ?? 0
        while received.count < length { guard receiveMore() else { return nil } }
        defer { received.removeFirst(length) }
        let status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return Reply(status: status, headers: headers, body: Array(received[..<length]))
    }

    /// Asks and gets.
    func get(_ target: String, host: String = "localhost") -> Reply? {
        send("GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        return receive()
    }
}
