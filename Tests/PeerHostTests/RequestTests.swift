import Multiformats
import PeerConnection
import PeerHost
import PeerHostTestKit
import Testing

/// Questions and answers between hosts.
@Suite(.timeLimit(.minutes(1))) struct RequestTests {
    static let echo = RequestProtocol("/test/echo/1", maximumRequestBytes: 200_000, maximumResponseBytes: 200_000, timeout: .seconds(10))

    private func requests(_ count: Int, at host: TestHost) async -> [IncomingRequest]? {
        await waitFor {
            let all = host.events.all.compactMap { if case .request(let request) = $0 { request } else { nil } }
            return all.count >= count ? all : nil
        }
    }

    private func ask(_ asking: TestHost, _ asked: TestHost) async -> Result<[UInt8], AskError> {
        do throws(AskError) {
            return .success(try await asking.host.ask([1], by: Self.echo, of: asked.peerID))
        } catch {
            return .failure(error)
        }
    }

    @Test func `a question is answered by its owner`() async throws {
        try await withBench { bench in
            let (asking, asked) = (try bench.host(1), try bench.host(2, requestProtocols: [Self.echo]))
            _ = try await asking.host.dial(asked.listen())
            let question = (0..<150_000).map { UInt8(truncatingIfNeeded: $0) }
            async let answer = asking.host.ask(question, by: Self.echo, of: asked.peerID)
            let request = try #require(await requests(1, at: asked)?.first)
            #expect(request.peer == asking.peerID && request.remote == .loopback && request.bytes == question)
            await asked.host.answer(request, with: question.reversed())
            #expect(try await answer == question.reversed())
            await asked.host.answer(request, with: [1])  // nothing happens
            #expect(await asked.host.connectedPeers == [asking.peerID])
        }
    }

    @Test func `who does not answer, cannot, or is not there`() async throws {
        try await withBench { bench in
            let (asking, asked, other) = (try bench.host(1), try bench.host(2, requestProtocols: [Self.echo]), try bench.host(3))
            #expect(await ask(asking, asked) == .failure(.notConnected))
            for host in [asked, other] { _ = try await asking.host.dial(host.listen()) }
            #expect(await ask(asking, other) == .failure(.failed(.unsupported)))
            async let refused = ask(asking, asked)
            await asked.host.answer(try #require(await requests(1, at: asked)?.first), with: nil)
            #expect(await refused == .failure(.failed(.refused)))
            async let cutOff = ask(asking, asked)
            _ = await requests(2, at: asked)
            await asked.host.disconnect(asking.peerID)
            #expect([.failure(.connectionEnded), .failure(.failed(.refused))].contains(await cutOff))
        }
    }

    @Test func `questions end with the host`() async throws {
        try await withBench { bench in
            let (asking, asked) = (try bench.host(1), try bench.host(2, requestProtocols: [Self.echo]))
            _ = try await asking.host.dial(asked.listen())
            async let answer = ask(asking, asked)
            _ = await requests(1, at: asked)
            await asking.host.shutDown()
            #expect(await answer == .failure(.connectionEnded))
        }
    }
}
