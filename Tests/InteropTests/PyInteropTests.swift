import GossipSub
import Multiformats
import PeerHost
import PeerHostTestKit
import Testing

/// Our stack against py-libp2p, over loopback.
@Suite(.serialized, .enabled(if: Interop.python.isWanted, "\(Interop.python.hint)"), .timeLimit(.minutes(3)))
struct PyInteropTests {
    private static let signed = TopicPolicy(signing: .strictSign, validation: .acceptAll)

    /// A host of ours in the topic.
    private func member(
        _ bench: TestBench, _ index: UInt8, secret: UInt8? = 7, _ configure: (inout PeerHostConfiguration) -> Void = { _ in }
    ) async throws -> TestHost {
        let host = try bench.host(index, secret: secret, configure)
        await host.host.subscribe(ForeignPeers.inTopic, Self.signed)
        return host
    }

    @Test(arguments: [7, nil] as [UInt8?])
    func `we dial it`(secret: UInt8?) async throws {
        try await withForeignPeers(.python) { peers, bench in
            let theirs = try await peers.start(secret: secret)
            let ours = try await member(bench, 1, secret: secret)
            #expect(try await ours.host.dial(theirs.address) == theirs.id)
            try await ours.expectIdentified(theirs)
            await ours.expectGossip(with: theirs, mark: "we dialled")
            #expect(await ours.host.connectedPeers == [theirs.id])
        }
    }

    /// Its signed peer record is not looked at: of an RSA key, there, it leaves out the kind, which protobuf would then have to guess.
    @Test(arguments: ["rsa", "secp256k1"])
    func `its identity is of another kind than ours`(kind: String) async throws {
        try await withForeignPeers(.python) { peers, bench in
            let theirs = try await peers.start(["--key", kind])
            let ours = try await member(bench, 1)
            #expect(try await ours.host.dial(theirs.address) == theirs.id)
            await ours.expectGossip(with: theirs, mark: kind)
        }
    }

    @Test(arguments: [7, nil] as [UInt8?])
    func `it dials us, and pings us`(secret: UInt8?) async throws {
        try await withForeignPeers(.python) { peers, bench in
            let ours = try await member(bench, 1, secret: secret)
            let theirs = try await peers.start(secret: secret, ["--ping", "\(try await ours.listen())"])
            #expect(await theirs.events.has { $0.event == "dialled" })
            try await ours.expectIdentified(theirs)
            await ours.expectGossip(with: theirs, mark: "it dialled")
            #expect(await theirs.events.has(3) { $0.event == "ping" && $0.milliseconds != nil })
            #expect(!theirs.events.all.contains { $0.event == "ping" && $0.error != nil })
        }
    }

    @Test func `another secret keeps both out`() async throws {
        try await withForeignPeers(.python) { peers, bench in
            let ours = try await member(bench, 1, secret: 8)
            let theirs = try await peers.start([try await "\(ours.listen())"])
            await #expect(throws: DialError.self) { try await ours.host.dial(theirs.address) }
            #expect(await theirs.events.has { $0.event == "dial-failed" })
            #expect(await ours.host.connectedPeers.isEmpty)
        }
    }

    /// py-libp2p names peers when it leaves a topic: both of ours are in its mesh, and each hears of the other.
    @Test func `ours follow its peer exchange`() async throws {
        try await withForeignPeers(.python) { peers, bench in
            let theirs = try await peers.start(["--quiet", "--exchange", "--leave-at", "2"])
            let ours = [
                try await member(bench, 1) { $0.gossip.exchangesPeers = true },
                try await member(bench, 2) { $0.gossip.exchangesPeers = true },
            ]
            for host in ours {
                _ = try await host.listen()
                _ = try await host.host.dial(theirs.address)
            }
            #expect(await theirs.events.has { $0.event == "left" })
            #expect(await ours[0].connected(to: ours[1].peerID))
        }
    }

    /// Our mesh has room for one: the foreign peer is pruned, and told of that one.
    @Test func `it follows our peer exchange`() async throws {
        try await withForeignPeers(.python) { peers, bench in
            let full = try await member(bench, 1) {
                $0.gossip.exchangesPeers = true
                ($0.gossip.meshDegree, $0.gossip.meshDegreeLow, $0.gossip.meshDegreeHigh, $0.gossip.meshOutboundMinimum) = (1, 1, 1, 0)
            }
            let other = try await member(bench, 2)
            _ = try await other.listen()
            _ = try await other.host.dial(full.listen())
            #expect(await full.description(of: other.peerID) != nil)
            let theirs = try await peers.start(["\(try await full.listen())"])
            #expect(await theirs.sees(other.peerID))
            await other.expectGossip(with: theirs, mark: "found by it")
        }
    }
}
