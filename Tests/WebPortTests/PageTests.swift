import Foundation
import IPAddresses
import LoopRuntime
import NIOCore
import NIOPosix
import Testing

@testable import WebPort

/// Pages over real sockets.
@Suite struct PageTests {
    @Test(arguments: ["127.0.0.1", "127.0.0.2", "::1"])
    func aPageIsServedAtEachAddress(text: String) async throws {
        let addresses = ["127.0.0.1:0", "127.0.0.2:0", "[::1]:0"]
        let reply = try await withPort(at: addresses) { port throws in
            let at = try #require(port.addresses.first { $0.address == IPAddress(text) })
            return try Client(at).get("/a/b?c=d?e", host: "\(at)")
        }
        #expect(reply?.status == 200)
        #expect(reply?.text == "/a/b|c=d?e|\(text == "::1" ? "::1" : "127.0.0.1")")
    }

    @Test func whatAnyAddressMeans() async throws {
        try await withPort(at: ["0.0.0.0:0"]) { port throws in
            let server = IPAddresses.SocketAddress(socketAddress("127.0.0.5:0").address, port: port.addresses[0].port)
            #expect(try Client(server).get("/", host: "127.0.0.5")?.status == 200)
            #expect(try Client(server).get("/", host: "127.0.0.6")?.status == 421)
        }
    }

    @Test func pagesAreMadeOnTheLoop() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let executor = LoopExecutor(group.next())
        let port = try await WebPort.start(at: [socketAddress("127.0.0.1:0")], on: executor) { _ in
            .text(executor.eventLoop.inEventLoop ? "here" : "elsewhere")
        }
        let text = try await onThread { try Client(port.addresses[0]).get("/")?.text }
        #expect(text == "here")
        await port.stop()
        try await group.shutdownGracefully()
    }

    @Test func aPageCannotBeTurnedAgainstItsReader() async throws {
        let reply = try await withPort(answer: { _ in .html("<p>", inlineHashes: ["AAAA"]) }) { try Client($0.addresses[0]).get("/") }
        let headers = try #require(reply?.headers)
        let policy = try #require(headers["content-security-policy"])
        #expect(policy.contains("default-src 'none'") && policy.contains("script-src 'self' 'sha256-AAAA'; style-src 'self' 'sha256-AAAA'"))
        #expect(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"))
        #expect(headers["x-content-type-options"] == "nosniff" && headers["referrer-policy"] == "no-referrer")
        #expect(headers["cache-control"] == "no-store" && headers["content-type"] == "text/html; charset=utf-8")
        #expect(!headers.keys.contains { $0.hasPrefix("access-control") })
    }

    @Test func headIsTheSameWithoutTheBody() async throws {
        try await withPort { port throws in
            let client = try Client(port.addresses[0])
            client.send("HEAD /page HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let head = try #require(client.receive(isWithoutBody: true))
            let whole = try #require(client.get("/page"))
            #expect(head.status == 200 && head.headers == whole.headers && whole.body.count > 0)
            client.send("HEAD /page HTTP/1.1\r\nHost: other\r\n\r\n")
            #expect(client.receive(isWithoutBody: true)?.status == 421)
            #expect(client.isAtEnd())
        }
    }

    @Test func noPageIsSaid() async throws {
        try await withPort { port throws in
            let client = try Client(port.addresses[0])
            #expect(client.get("/missing")?.status == 404)
            #expect(client.get("/")?.status == 200)
        }
    }

    @Test func aLongPageComesWhole() async throws {
        let long = String(repeating: "0123456789", count: 1 << 20)
        let reply = try await withPort(answer: { _ in .text(long) }) { try Client($0.addresses[0]).get("/") }
        #expect(reply?.text == long)
    }

    // MARK: Connections

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await withPort { port throws in
            let client = try Client(port.addresses[0])
            // Not in one read, so all of them are heard.
            let filler = String(repeating: "x", count: 200)
            client.send((0..<500).map { "GET /\($0) HTTP/1.1\r\nHost: localhost\r\nX: \(filler)\r\n\r\n" }.joined())
            for number in 0..<500 { try #require(client.receive()?.text == "/\(number)|-|127.0.0.1") }
        }
    }

    @Test func tooManyAtOnceAreNotHeard() async throws {
        var limits = WebLimits()
        limits.maximumPipelinedRequests = 4
        try await withPort(limits: limits) { port throws in
            let client = try Client(port.addresses[0])
            client.send(String(repeating: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", count: 50))
            var replies: [Reply] = []
            while let reply = client.receive() { replies.append(reply) }
            // One is answered while the others wait.
            #expect((4...5).contains(replies.count))
            #expect(replies.last?.headers["connection"] == "close")
            #expect(replies.dropLast().allSatisfy { $0.headers["connection"] == "keep-alive" })
        }
    }

    @Test func aRequestMayComeByteByByte() async throws {
        try await withPort { port throws in
            let client = try Client(port.addresses[0])
            for byte in bytes("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\nGET /again HTTP/1.1\r\nHost: localhost\r\n\r\n") {
                client.send([byte])
                usleep(100)
            }
            #expect(client.receive()?.text == "/slow|-|127.0.0.1")
            #expect(client.receive()?.text == "/again|-|127.0.0.1")
        }
    }

    @Test(arguments: ["GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"])
    func whoWantsNoMoreIsClosed(request: String) async throws {
        try await withPort { port throws in
            let client = try Client(port.addresses[0])
            client.send(request + request)
            let reply = try #require(client.receive())
            #expect(reply.status == 200 && reply.headers["connection"] == "close")
            #expect(client.isAtEnd())
        }
    }

    @Test func whoHasSaidAllHearsTheAnswers() async throws {
        try await withPort { port throws in
            let client = try Client(port.addresses[0])
            client.send("GET /1 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /2 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            client.sendEnd()
            #expect(client.receive()?.text == "/1|-|127.0.0.1")
            #expect(client.receive()?.text == "/2|-|127.0.0.1")
            #expect(client.isAtEnd())
        }
    }

    @Test func aWishForAnotherProtocolIsPassedOver() async throws {
        try await withPort { port throws in
            let client = try Client(port.addresses[0])
            client.send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n")
            #expect(client.receive()?.status == 200)
            #expect(client.isAtEnd())
        }
    }

    @Test func stoppingClosesAll() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let port = try await WebPort.start(at: [socketAddress("127.0.0.1:0")], on: LoopExecutor(group.next()), answer: echo)
        let client = try Client(port.addresses[0])
        #expect(client.get("/")?.status == 200)
        await port.stop()
        #expect(client.isAtEnd())
        try await group.shutdownGracefully()
    }

    @Test func anAddressThatCannotBeHadIsTold() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let executor = LoopExecutor(group.next())
        let start = { (addresses: [String]) async throws -> WebPort in
            try await WebPort.start(at: addresses.map { socketAddress($0) }, on: executor, answer: echo)
        }
        let first = try await start(["127.0.0.9:0"])
        let taken = "\(first.addresses[0])"
        let free = "127.0.0.8:\(first.addresses[0].port)"
        let foreign = "192.0.2.1:9"
        await #expect(throws: WebPortError.addressInUse(socketAddress(taken))) { try await start([taken]) }
        await #expect(throws: WebPortError.addressNotAvailable(socketAddress(foreign))) { try await start([free, foreign]) }
        // Nothing was kept of what could be had.
        try await start([free]).stop()
        await first.stop()
        try await start([taken]).stop()
        #expect("\(WebPortError.addressInUse(socketAddress(taken)))".hasSuffix("choose another port"))
        try await group.shutdownGracefully()
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/curl"), "needs curl: run scripts/setup test"))
    func curlUnderstandsTheAnswers() async throws {
        try await withPort { port throws in
            let curl = { (arguments: String...) throws -> String in
                let (process, output) = (Process(), Pipe())
                process.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
                let always = ["--silent", "--show-error", "--max-time", "60", "--write-out", "=%{http_code},%{num_connects} "]
                process.arguments = always + arguments
                process.standardOutput = output
                try process.run()
                return String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            }
            let page = "http://\(port.addresses[0])/page"
            #expect(try curl(page, page) == "/page|-|127.0.0.1=200,1 /page|-|127.0.0.1=200,0 ")
            #expect(try curl("--head", page).hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(try curl("--data", "x", page).contains("=405,"))
            #expect(try curl("--upload-file", "/etc/services", page).contains("=405,"))
            #expect(try curl("--http2", page).contains("=200,"))
            #expect(try curl("--proxy", "http://\(port.addresses[0])", "http://localhost/").contains("=400,"))
        }
    }
}
