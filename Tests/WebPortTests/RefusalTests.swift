import IPAddresses
import NIOCore
import Testing
import WeftTestKit

@testable import WebPort

/// What is not answered with a page, over real sockets: the answer is heard, and then the connection ends.
@Suite struct RefusalTests {
    private func reply(to request: String, limits: WebLimits = WebLimits()) async throws -> Reply? {
        try await withPort(limits: limits) { port throws in
            let client = try Client(port.addresses[0])
            client.send(request)
            let reply = client.receive()
            #expect(client.isAtEnd())
            return reply
        }
    }

    @Test(arguments: [
        ("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405), ("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
        ("CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
        ("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", 405),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", 413),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 413),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.0\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
        ("GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400), ("GET * HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nno field\r\n\r\n", 400), ("GET / HTTP/1.1\r\n: x\r\n\r\n", 400),
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}", 400), ("SSH-2.0-OpenSSH_9.2\r\n", 400), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        ("GET /\0 HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 505),
    ])
    func whatIsNoPlainRequestIsRefused(request: String, status: Int) async throws {
        let reply = try #require(try await reply(to: request))
        #expect(reply.status == status && reply.headers["connection"] == "close")
        #expect(reply.text.hasSuffix(".\n") && reply.headers["content-type"] == "text/plain; charset=utf-8")
        #expect(reply.headers["allow"] == (status == 405 ? "GET, HEAD" : nil))
    }

    /// However much comes behind it: it is thrown away, so the refusal gets through.
    @Test func aRefusalGetsThroughAStreamOfRubbish() async throws {
        try await withPort { port throws in
            let client = try Client(port.addresses[0])
            client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n")
            client.send([UInt8](repeating: 0, count: 1 << 20))
            #expect(client.receive()?.status == 405)
        }
    }

    // MARK: Too long

    private static let limits = WebLimits()

    @Test(arguments: [
        ("GET /\(String(repeating: "a", count: limits.maximumTargetBytes)) HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        ("GET /\(String(repeating: "a", count: limits.maximumHeadBytes)) HTTP/1.1\r\n", 431),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "a", count: limits.maximumHeadBytes))", 431),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n\(String(repeating: "a", count: limits.maximumHeadBytes))", 431),
        ("GET / HTTP/1.1\r\n" + String(repeating: "X: \(String(repeating: "a", count: 997))\r\n", count: 9), 431),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n" + String(repeating: "A: b\r\n", count: limits.maximumHeaderFields), 431),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nX:" + String(repeating: " ", count: limits.maximumUnparsedBytes + WebLimits.readBytes), 431),
    ])
    func aTooLongHeadIsRefused(request: String, status: Int) async throws {
        #expect(try await reply(to: request)?.status == status)
    }

    @Test(arguments: [
        "GET /\(String(repeating: "a", count: limits.maximumTargetBytes - 1)) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        // With the target and the names of the fields.
        "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: " + String(repeating: "a", count: limits.maximumHeadBytes - 30)
            + "\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + String(repeating: "A: b\r\n", count: limits.maximumHeaderFields - 2)
            + "\r\n",
    ])
    func theLongestHeadIsAnswered(request: String) async throws {
        #expect(try await reply(to: request)?.status == 200)
    }

    // MARK: Whose name it is

    @Test(arguments: [
        "localhost", "LOCALHOST", "localhost.", "localhost:80", "localhost:", "127.0.0.1", "127.0.0.1:9105", "metrics.weft",
        "Metrics.Weft:1", "10.9.8.7", "[fd00::7]:80", "[FD00:0::0007]",
    ])
    func aNameOfOursIsServed(host: String) async throws {
        try await withPort(names: ["metrics.weft", "10.9.8.7", "fd00::7"]) { port throws in
            #expect(try Client(port.addresses[0]).get("/", host: host)?.status == 200)
        }
    }

    @Test(arguments: [
        "rebind.example", "rebind.example:9105", "localhost.rebind.example", "127.0.0.1.rebind.example", "127.0.0.2", "127.1", "2130706433",
        "0x7f.0.0.1", "[::1]", "::1", "[127.0.0.1]", "[localhost]", "localhost:80:80", "localhost:x", "localhost:999999", "user@localhost",
        "localhost,rebind.example", "localhost/", "weft", "[", "]", "[]", ":80", "localhost..", "fd00::7",
    ])
    func anotherNameIsNotServed(host: String) async throws {
        try await withPort(names: ["metrics.weft", "fd00::7"]) { port throws in
            let reply = try #require(try Client(port.addresses[0]).get("/", host: host))
            #expect(reply.status == 421)
            #expect(reply.text.contains("Use one of these: 127.0.0.1, localhost, metrics.weft, fd00::7."))
        }
    }

    // MARK: Noise

    private static let corpus = [
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "HEAD /a?b HTTP/1.1\r\nHost: 127.0.0.1:1\r\nAccept: */*\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nabc",
        "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello", "CONNECT a:1 HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nX:  folded\r\n  more\r\n\r\n\r\n\r\nGET /2 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ].map { bytes($0) }

    /// Whatever comes, each connection ends, and the next one is served.
    @Test func noiseHurtsNobody() async throws {
        let seed = testSeed("noiseHurtsNobody")
        try await withPort { port throws in
            var random = SeededGenerator(seed: seed)
            for _ in 0..<1_500 {
                let client = try Client(port.addresses[0])
                var noise = random.mutated(Self.corpus.randomElement(using: &random) ?? [], among: Self.corpus)
                while Bool.random(using: &random) {
                    noise += random.mutated(Self.corpus.randomElement(using: &random) ?? [], among: Self.corpus)
                }
                var rest = noise[...]
                while !rest.isEmpty {
                    let piece = rest.prefix(Int.random(in: 1...noise.count, using: &random))
                    guard client.send(piece) else { break }
                    rest = rest.dropFirst(piece.count)
                }
                client.sendEnd()
                let answer = client.receiveAll()
                #expect(answer.isEmpty || answer.starts(with: bytes("HTTP/1.1 ")))
                #expect(!answer.starts(with: bytes("HTTP/1.1 500")))
            }
            #expect(try Client(port.addresses[0]).get("/")?.status == 200)
            #expect(try port.waits { $0.count == 0 && $0.pendingBytes == 0 })
        }
    }
}
