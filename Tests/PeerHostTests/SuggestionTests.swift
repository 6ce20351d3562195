import GossipSub
import Multiformats
import PeerConnection
import PeerHostTestKit
import Testing

@testable import PeerHost

/// Peers that others suggest.
@Suite(.timeLimit(.minutes(1))) struct SuggestionTests {
    private static let topic = Topic("weft/test")
    private static let policy = TopicPolicy(signing: .strictSign, validation: .acceptAll)

    private func identity(_ index: UInt8) throws -> Identity {
        try Identity(seed: [UInt8](repeating: index, count: Identity.seedLength))
    }

    private func record(_ index: UInt8, _ address: Multiaddr) throws -> PeerRecord {
        PeerRecord(peerID: try identity(index).peerID, sequence: 1, addresses: [address.withoutPeerID])
    }

    @Test func `what is announced is signed, and newer each time`() async throws {
        try await withBench { bench in
            let (ours, other) = (try bench.host(1), try bench.host(2))
            let address = try await other.listen()
            _ = try await ours.host.dial(address)
            let sealed = try #require(await ours.description(of: other.peerID)?.signedPeerRecord)
            let first = try PeerRecord.open(sealed)
            #expect(first.peerID == other.peerID && first.addresses == [address.withoutPeerID])
            let elsewhere = try Multiaddr("/ip4/127.0.0.1/tcp/9")
            await other.host.announce(listenAddresses: [elsewhere])
            let second = try #require(
                await ours.events.first { event -> PeerRecord? in
                    guard case .identified(other.peerID, let description) = event, description.listenAddresses == [elsewhere] else {
                        return nil
                    }
                    return description.signedPeerRecord.flatMap { try? PeerRecord.open($0) }
                })
            #expect(second.addresses == [elsewhere] && second.sequence > first.sequence)
        }
    }

    @Test func `who finds no room in a mesh is told of others, and dials them`() async throws {
        try await withBench { bench in
            let full = try bench.host(1) {
                $0.gossip.exchangesPeers = true
                ($0.gossip.meshDegree, $0.gossip.meshDegreeLow, $0.gossip.meshDegreeHigh, $0.gossip.meshOutboundMinimum) = (1, 1, 1, 0)
            }
            let others = try (2...3).map { index in try bench.host(index) { $0.gossip.exchangesPeers = true } }
            for host in [full] + others { await host.host.subscribe(Self.topic, Self.policy) }
            let address = try await full.listen()
            _ = try await others[0].listen()
            for other in others {
                _ = try await other.host.dial(address)
                #expect(await full.description(of: other.peerID) != nil)
            }
            #expect(await others[1].connected(to: others[0].peerID))
        }
    }

    @Test func `no more are dialled at once than may be, nor than are wished for`() async throws {
        try await withBench { bench in
            var limits = PeerHostLimits()
            limits.maximumSuggestedDials = 2
            let many = try bench.host(1, limits: limits)
            let one = try bench.host(2) { $0.wishedPeers = 1 }
            let none = try bench.host(3) { $0.wishedPeers = 0 }
            let silent = try bench.host(4)
            let address = try await silent.listen()
            let records = try (10..<15).map { try record($0, address) }
            let named = try (20..<25).map { try record($0, Multiaddr("/dns4/localhost/tcp/9")) }
            await silent.stalled {
                for host in [many, one, none] {
                    await host.host.follow(named)
                    await host.host.follow(records + records)
                }
                #expect(await many.host.suggestionsFollowed == Set(records.prefix(2).map(\.peerID)))
                #expect(await one.host.suggestionsFollowed == [records[0].peerID])
                #expect(await none.host.suggestionsFollowed.isEmpty)
            }
            let done = await waitFor { await many.host.suggestionsFollowed.isEmpty ? true : nil }
            #expect(done == true, "whether they answer or not")
            #expect(await many.host.connectedPeers.isEmpty, "somebody else did")
        }
    }

    @Test func `a topic can be left`() async throws {
        try await withBench { bench in
            let hosts = try (1...2).map { try bench.host($0) }
            for host in hosts { await host.host.subscribe(Self.topic, Self.policy) }
            _ = try await hosts[0].host.dial(hosts[1].listen())
            #expect(await hosts[1].connected(to: hosts[0].peerID))
            await hosts[0].host.publish([1], on: Self.topic)
            #expect(await hosts[1].events.has { if case .gossip = $0 { true } else { false } })
            await hosts[1].host.unsubscribe(Self.topic)
            await hosts[0].host.subscribe(Topic("other"), Self.policy)
            await hosts[1].host.subscribe(Topic("other"), Self.policy)
            await hosts[0].host.publish([2], on: Self.topic)
            await hosts[0].host.publish([3], on: Topic("other"))
            #expect(await hosts[1].events.has { if case .gossip(let message) = $0 { message.data == [3] } else { false } })
            #expect(!hosts[1].events.all.contains { if case .gossip(let message) = $0 { message.data == [2] } else { false } })
        }
    }

    @Test func `who misbehaves is heard no more, and the application has a say`() async throws {
        let scoring = try Scoring(ScoreParameters(topics: [Self.topic: TopicScoreParameters()]))
        try await withBench { bench in
            let ours = try bench.host(1) { $0.gossip.scoring = scoring }
            let other = try bench.host(2)
            for host in [ours, other] { await host.host.subscribe(Self.topic, Self.policy) }
            _ = try await ours.host.dial(other.listen())
            #expect(await other.connected(to: ours.peerID))
            await other.host.publish([1], on: Self.topic)
            #expect(await ours.events.has { if case .gossip = $0 { true } else { false } })
            await ours.host.setApplicationScore(-1_000, of: other.peerID)
            await other.host.publish([2], on: Self.topic)
            #expect(await ours.events.has { if case .gossipDropped(other.peerID, .graylisted) = $0 { true } else { false } })
        }
    }
}
