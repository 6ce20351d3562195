import AutoNAT
import GossipSub
import Multiformats
import PeerConnection
import PeerHost
import PeerHostTestKit
import SecureChannel
import Testing

/// Our stack against go-libp2p, over loopback, in a private network.
@Suite(.serialized, .enabled(if: Interop.go.isWanted, "\(Interop.go.hint)"), .timeLimit(.minutes(3)))
struct GoInteropTests {
    static let topic = ForeignPeers.inTopic
    static let signed = TopicPolicy(signing: .strictSign, validation: .acceptAll)

    /// A host of ours in the topic.
    private func member(
        _ bench: TestBench, _ index: UInt8, secret: UInt8? = 7, security: [any SecurityProtocol]? = nil
    ) async throws -> TestHost {
        let host = try bench.host(index, secret: secret, security: security)
        await host.host.subscribe(Self.topic, Self.signed)
        return host
    }

    private func expectGossip(_ ours: TestHost, _ theirs: ForeignPeer, mark: String) async {
        await ours.expectGossip(with: theirs, mark: mark)
    }

    private func expectIdentified(_ theirs: ForeignPeer, by ours: TestHost) async throws {
        try await ours.expectIdentified(theirs)
    }

    private func withGoPeers(_ body: @Sendable (ForeignPeers, TestBench) async throws -> Void) async throws {
        try await withForeignPeers(.go, body)
    }

    @Test(arguments: [7, nil] as [UInt8?])
    func `we dial it`(secret: UInt8?) async throws {
        try await withGoPeers { peers, bench in
            let theirs = try await peers.start(secret: secret)
            let ours = try await member(bench, 1, secret: secret)
            #expect(try await ours.host.dial(theirs.address) == theirs.id)
            try await expectIdentified(theirs, by: ours)
            await expectGossip(ours, theirs, mark: "we dialled")
            #expect(await ours.host.connectedPeers == [theirs.id])
        }
    }

    @Test func `it dials us, and pings us`() async throws {
        try await withGoPeers { peers, bench in
            let ours = try await member(bench, 1)
            let theirs = try await peers.start(["--ping", "\(try await ours.listen())"])
            #expect(await theirs.events.has { $0.event == "dialled" })
            try await expectIdentified(theirs, by: ours)
            await expectGossip(ours, theirs, mark: "it dialled")
            #expect(await theirs.events.has(3) { $0.event == "ping" && $0.milliseconds != nil })
            #expect(!theirs.events.all.contains { $0.event == "ping" && $0.error != nil })
        }
    }

    @Test(arguments: ["rsa", "secp256k1", "ecdsa"])
    func `its identity is of another kind than ours`(kind: String) async throws {
        try await withGoPeers { peers, bench in
            let ours = try await member(bench, 1)
            let dialled = try await peers.start(["--key", kind, "--security", "noise"])
            let dialling = try await peers.start(["--key", kind, "--security", "tls", "\(try await ours.listen())"])
            #expect(try await ours.host.dial(dialled.address) == dialled.id)
            #expect(dialled.id.bytes.count != ours.peerID.bytes.count)
            for theirs in [dialled, dialling] {
                try await expectIdentified(theirs, by: ours)
                await expectGossip(ours, theirs, mark: "\(kind)")
            }
            let forwarded = await dialled.events.has { $0.event == "message" && $0.from == "\(dialling.id)" }
            #expect(forwarded, "messages of either reach the other")
        }
    }

    /// go-yamux pings a connection that has been silent for 30 s, and closes it when nobody answers within 10 s.
    @Test func `stays connected when nobody says anything`() async throws {
        try await withGoPeers { peers, bench in
            let dialled = try await member(bench, 1)
            let dialling = try await member(bench, 2)
            let theirs = try await peers.start(["--quiet", "\(try await dialling.listen())"])
            _ = try await dialled.host.dial(theirs.address)
            for ours in [dialled, dialling] { #expect(await theirs.sees(ours.peerID)) }
            async let first = dialled.disconnected(from: theirs.id, within: .seconds(43))
            async let second = dialling.disconnected(from: theirs.id, within: .seconds(43))
            #expect(await (first, second) == (nil, nil))
            await dialled.host.publish(Array("still here".utf8), on: Self.topic)
            #expect(await theirs.heard(["still here"], from: dialled.peerID))
            #expect(await dialling.heard(["still here"], on: Self.topic))
        }
    }

    @Test func `we forward between two of them`() async throws {
        try await withGoPeers { peers, bench in
            let ours = try await member(bench, 1)
            let first = try await peers.start(["--message", "from the first %d", "\(try await ours.listen())"])
            let second = try await peers.start(["--message", "from the second %d"])
            _ = try await ours.host.dial(second.address)
            for peer in [first, second] { #expect(await peer.sees(ours.peerID)) }
            #expect(await second.events.has(3) { $0.event == "message" && $0.from == "\(first.id)" })
            #expect(await first.events.has(3) { $0.event == "message" && $0.from == "\(second.id)" })
            await expectGossip(ours, first, mark: "to the first")
            await expectGossip(ours, second, mark: "to the second")
        }
    }

    @Test func `it forwards between us and another`() async throws {
        try await withGoPeers { peers, bench in
            let ours = try await member(bench, 1)
            let middle = try await peers.start(["--quiet"])
            let far = try await peers.start(["--message", "from afar %d", "\(middle.address)"])
            _ = try await ours.host.dial(middle.address)
            #expect(await middle.sees(ours.peerID))
            let heard = await ours.events.has(2) { event in
                if case .gossip(let message) = event { message.author == far.id && message.receivedFrom == middle.id } else { false }
            }
            #expect(heard)
            await ours.host.publish(Array("to afar".utf8), on: Self.topic)
            #expect(await far.heard(["to afar"], from: ours.peerID))
        }
    }

    /// It dials nobody whose address is not public: `GoReachabilityTests` has those that are.
    @Test func `it answers that it does not dial us back`() async throws {
        try await withGoPeers { peers, bench in
            let theirs = try await peers.start()
            let ours = try await member(bench, 1)
            let own = try await ours.listen()
            _ = try await ours.host.dial(theirs.address)
            let asked = RequestProtocol(AutoNATMessage.protocolID, maximumRequestBytes: 4_096, maximumResponseBytes: 4_096)
            let wish = AutoNATMessage.dial(DialRequest(peer: ours.peerID, addresses: [own.withoutPeerID]))
            let answer = try await ours.host.ask(wish.encoded, by: asked, of: theirs.id)
            #expect(try AutoNATMessage(answer) == .response(DialResponse(.dialRefused)))
        }
    }

    @Test func `another secret keeps both out`() async throws {
        try await withGoPeers { peers, bench in
            let ours = try await member(bench, 1, secret: 8)
            let theirs = try await peers.start([try await "\(ours.listen())"])
            let error = await #expect(throws: DialError.self) { try await ours.host.dial(theirs.address) }
            #expect(error == .failed(.otherNetwork) || error == .failed(.closedDuringUpgrade))
            #expect(await theirs.events.has { $0.event == "dial-failed" })
            let refused = await ours.events.has { event in
                guard case .refused(_, let failure) = event else { return false }
                return failure == .otherNetwork || failure == .closedDuringUpgrade
            }
            #expect(refused)
            #expect(await ours.host.connectedPeers.isEmpty)
        }
    }

    @Test(arguments: ["noise", "tls"], [7, nil] as [UInt8?])
    func `we dial one that speaks one security protocol alone`(security: String, secret: UInt8?) async throws {
        try await withGoPeers { peers, bench in
            let ours = try await member(bench, 1, secret: secret)
            let theirs = try await peers.start(secret: secret, ["--security", security])
            #expect(try await ours.host.dial(theirs.address) == theirs.id)
            try await expectIdentified(theirs, by: ours)
            await expectGossip(ours, theirs, mark: "we dialled over \(security)")
        }
    }

    @Test(arguments: ["noise", "tls"], [7, nil] as [UInt8?])
    func `one that speaks one security protocol alone dials us`(security: String, secret: UInt8?) async throws {
        try await withGoPeers { peers, bench in
            let ours = try await member(bench, 1, secret: secret)
            let theirs = try await peers.start(secret: secret, ["--security", security, "--ping", "\(try await ours.listen())"])
            #expect(await theirs.events.has { $0.event == "dialled" })
            try await expectIdentified(theirs, by: ours)
            await expectGossip(ours, theirs, mark: "it dialled over \(security)")
            #expect(await theirs.events.has(3) { $0.event == "ping" && $0.milliseconds != nil })
        }
    }

    /// It proves another identity than the one that is dialled.
    @Test func `over TLS, too, another peer than expected is told`() async throws {
        try await withGoPeers { peers, bench in
            let ours = try await member(bench, 1)
            let theirs = try await peers.start(["--security", "tls"])
            let expected = try bench.host(9).peerID
            await #expect(throws: DialError.failed(.unexpectedPeer(expected: expected, found: theirs.id))) {
                try await ours.host.dial([theirs.address], expecting: expected)
            }
        }
    }

    @Test func `a peer without a security protocol of ours is told from another network`() async throws {
        try await withGoPeers { peers, bench in
            let ours = try await member(bench, 1, security: [NoiseSecurity()])
            let theirs = try await peers.start(["--security", "tls"])
            await #expect(throws: DialError.failed(.noCommonProtocol(layer: "security"))) { try await ours.host.dial(theirs.address) }
        }
    }

    /// A topic without signatures is none that go-libp2p takes by default; as long as it is not in it, it must not mind.
    @Test func `an unsigned topic of ours does it no harm`() async throws {
        try await withGoPeers { peers, bench in
            let unsigned = Topic("weft/unsigned")
            let theirs = try await peers.start()
            let first = try await member(bench, 1)
            let second = try await member(bench, 2)
            for ours in [first, second] {
                await ours.host.subscribe(unsigned, TopicPolicy(signing: .none, validation: .acceptAll))
                _ = try await ours.host.dial(theirs.address)
            }
            _ = try await first.host.dial(second.listen())
            #expect(await second.connected(to: first.peerID))
            for ours in [first, second] { await expectGossip(ours, theirs, mark: "beside, by \(ours.peerID)") }
            let texts = (0..<5).map { "unsigned \($0)" }
            for text in texts { await first.host.publish(Array(text.utf8), on: unsigned) }
            await second.host.publish(Array("back".utf8), on: unsigned)
            #expect(await second.heard(texts, on: unsigned))
            #expect(await first.heard(["back"], on: unsigned))
            for ours in [first, second] { await expectGossip(ours, theirs, mark: "afterwards, by \(ours.peerID)") }
            #expect(!theirs.events.all.contains { $0.data?.hasPrefix("unsigned") == true })
        }
    }
}
