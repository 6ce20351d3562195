import GossipSub
import Multiformats
import PeerConnection
import PeerHost
import PeerHostTestKit
import Testing

/// What hosts say to each other once they are connected.
@Suite(.timeLimit(.minutes(1))) struct ExchangeTests {
    static let topic = Topic("weft/test")
    static let policies = [
        TopicPolicy(signing: .none, validation: .acceptAll), TopicPolicy(signing: .strictSign, validation: .acceptAll),
    ]

    private func frames(from peer: PeerID, at host: TestHost) -> [[UInt8]] {
        host.events.all.compactMap { event -> [UInt8]? in
            if case .message(peer, PeerHostTests.frames, let frame) = event { frame } else { nil }
        }
    }

    @Test func `frames of 60 KiB both ways`() async throws {
        try await withBench { bench in
            let hosts = try (1...2).map { try bench.host($0, messageProtocols: [PeerHostTests.frames]) }
            _ = try await hosts[0].host.dial(hosts[1].listen())
            #expect(await hosts[1].connected(to: hosts[0].peerID))
            let sent = (0..<50).map { [UInt8](repeating: $0, count: 60 << 10) }
            for frame in sent {
                await hosts[0].host.send(frame, by: PeerHostTests.frames, to: hosts[1].peerID)
                await hosts[1].host.send(frame, by: PeerHostTests.frames, to: hosts[0].peerID)
            }
            for (host, other) in [(hosts[0], hosts[1]), (hosts[1], hosts[0])] {
                let all = await waitFor { frames(from: other.peerID, at: host).count == sent.count ? true : nil }
                #expect(all == true)
                #expect(frames(from: other.peerID, at: host) == sent)
            }
        }
    }

    /// Thirty MB: more than may wait.
    @Test func `who waits for room can send any amount`() async throws {
        try await withBench { bench in
            let hosts = try (1...2).map { try bench.host($0, messageProtocols: [PeerHostTests.frames]) }
            let other = hosts[1].peerID
            _ = try await hosts[0].host.dial(hosts[1].listen())
            for _ in 0..<500 {
                await hosts[0].host.hasRoom(for: PeerHostTests.frames, to: other)
                await hosts[0].host.send([UInt8](repeating: 7, count: 60 << 10), by: PeerHostTests.frames, to: other)
            }
            #expect(await waitFor { frames(from: hosts[0].peerID, at: hosts[1]).count == 500 ? true : nil } == true)
        }
    }

    @Test func `waiting for room ends with the connection`() async throws {
        try await withBench { bench in
            let (ours, other) = try (
                bench.host(1, messageProtocols: [PeerHostTests.frames]), bench.host(2, messageProtocols: [PeerHostTests.frames])
            )
            _ = try await ours.host.dial(other.listen())
            await other.stalled {
                // More than a window, so that it has to wait.
                for _ in 0..<40 { await ours.host.send([UInt8](repeating: 7, count: 60 << 10), by: PeerHostTests.frames, to: other.peerID) }
                async let room: Void = ours.host.hasRoom(for: PeerHostTests.frames, to: other.peerID)
                await ours.host.disconnect(other.peerID)
                await room
            }
            await ours.host.hasRoom(for: PeerHostTests.frames, to: other.peerID)
        }
    }

    @Test func `a frame to nobody is dropped`() async throws {
        try await withBench { bench in
            let (ours, other) = (try bench.host(1, messageProtocols: [PeerHostTests.frames]), try bench.host(2))
            await ours.host.send([1], by: PeerHostTests.frames, to: other.peerID)
            _ = try await ours.host.dial(other.listen())
            await ours.host.send([1], by: PeerHostTests.frames, to: other.peerID)
            #expect(await ours.description(of: other.peerID)?.protocols.contains("/test/frames/1") == false)
            #expect(await ours.host.connectedPeers == [other.peerID])
        }
    }

    @Test(arguments: policies) func `gossip along a chain of five`(policy: TopicPolicy) async throws {
        try await withBench { bench in
            let hosts = try (1...5).map { try bench.host($0) }
            for host in hosts { await host.host.subscribe(Self.topic, policy) }
            for (host, next) in zip(hosts, hosts.dropFirst()) { _ = try await host.host.dial(next.listen()) }
            try await expectGossip(among: hosts)
        }
    }

    /// Every host hears every other, each message once.
    private func expectGossip(among hosts: [TestHost], round: String = "") async throws {
        try await expectReady(hosts, round)
        func text(_ host: TestHost) -> String { "\(round) from \(host.peerID)" }
        for host in hosts { await host.host.publish(Array(text(host).utf8), on: Self.topic) }
        for host in hosts {
            let others = hosts.filter { $0.peerID != host.peerID }.map(text)
            #expect(await host.heard(others, on: Self.topic), "\(host.peerID)")
        }
    }

    /// A probe has come from everywhere to everywhere, so every mesh stands; probes are repeated under new texts.
    private func expectReady(_ hosts: [TestHost], _ round: String) async throws {
        var number = 0
        let isReady = await waitFor(within: .seconds(30)) { () async -> Bool? in
            number += 1
            let texts = hosts.map { "\(round) probe \(number) of \($0.peerID)" }
            for (host, text) in zip(hosts, texts) { await host.host.publish(Array(text.utf8), on: Self.topic) }
            for (index, host) in hosts.enumerated() {
                let others = texts.enumerated().filter { $0.offset != index }.map(\.element)
                guard await host.heard(others, on: Self.topic, within: .milliseconds(500)) else { return nil }
            }
            return true
        }
        #expect(isReady == true)
    }

    /// Both dial at the same moment, so both connections stand for a while.
    @Test(arguments: 0..<10) func `two who dial each other at once keep one connection`(round: Int) async throws {
        try await withBench { bench in
            let hosts = try [1, 2].map { try bench.host($0, messageProtocols: [PeerHostTests.frames]) }
            for host in hosts { await host.host.subscribe(Self.topic, Self.policies[round % 2]) }
            let addresses = [try await hosts[0].listen(), try await hosts[1].listen()]
            async let there = try? hosts[0].host.dial(addresses[1])
            async let back = try? hosts[1].host.dial(addresses[0])
            // A dial may fail when its connection is dropped before it has ended; one always succeeds.
            #expect(await [there, back].contains { $0 != nil })
            for (host, other) in [(hosts[0], hosts[1]), (hosts[1], hosts[0])] {
                #expect(await host.connected(to: other.peerID))
                let isOne = await waitFor { await host.host.connectionCount == 1 ? true : nil }
                #expect(isOne == true)
            }
            try await expectGossip(among: hosts)
            await hosts[0].host.send([1, 2, 3], by: PeerHostTests.frames, to: hosts[1].peerID)
            #expect(await waitFor { frames(from: hosts[0].peerID, at: hosts[1]).isEmpty ? nil : true } == true)
            for (host, other) in [(hosts[0], hosts[1]), (hosts[1], hosts[0])] {
                #expect(await host.disconnected(from: other.peerID, within: .milliseconds(100)) == nil, "nobody was told of an end")
                #expect(await host.host.connectedPeers == [other.peerID])
            }
        }
    }

    @Test func `who is dialled again keeps one connection`() async throws {
        try await withBench { bench in
            let hosts = try [1, 2].map { try bench.host($0) }
            for host in hosts { await host.host.subscribe(Self.topic, Self.policies[0]) }
            let address = try await hosts[1].listen()
            for round in 0..<4 {
                #expect(try await hosts[0].host.dial(address) == hosts[1].peerID)
                for host in hosts {
                    let isOne = await waitFor { await host.host.connectionCount == 1 ? true : nil }
                    #expect(isOne == true)
                }
                try await expectGossip(among: hosts, round: "\(round)")
            }
        }
    }
}
