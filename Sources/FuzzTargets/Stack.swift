import AutoNAT
import GossipSub
import IPAddresses
import Multiformats
import PeerConnection
import SecureChannel
import Timeline
import WeftTestKit
import Yamux

/// libp2p, from the formats up.
enum Stack {
    static func identity(_ number: UInt64) -> Identity {
        var random = SeededGenerator(seed: number &+ 1)
        guard let identity = try? Identity(seed: random.bytes(Identity.seedLength)) else { preconditionFailure("any seed will do") }
        return identity
    }

    static func formats(_ bytes: [UInt8]) {
        if let address = try? Multiaddr(bytes: bytes) { check((try? Multiaddr(bytes: address.bytes)) == address) }
        if let address = try? Multiaddr(String(decoding: bytes, as: UTF8.self)) { check((try? Multiaddr(bytes: address.bytes)) == address) }
        if let peer = try? PeerID(bytes: bytes) { check((try? PeerID(bytes: peer.bytes)) == peer) }
        _ = try? PublicKey(protobuf: bytes)
        var decoder = LengthPrefixedDecoder(maximumLength: 64)
        decoder.append(bytes)
        while let next = try? decoder.next() { check(next.count <= 64) }
    }

    static var formatSeeds: [[UInt8]] {
        let address = Multiaddr(tcp: SocketAddress(IPAddress(family: .ipv4, value: 0x7f00_0001), port: 7), peer: identity(1).peerID)
        return [address.bytes, Array(address.description.utf8), identity(2).peerID.bytes, identity(3).publicKey.protobuf]
    }

    static var negotiations: [[UInt8]] {
        var negotiation = MultistreamNegotiation(proposing: ["/noise"])
        return [[0] + FuzzInput.chunk(negotiation.start())]
    }

    static func multistream(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        var negotiation =
            input.byte() & 1 == 0
            ? MultistreamNegotiation(supporting: ["/noise", "/tls/1.0.0"]) : MultistreamNegotiation(proposing: ["/noise", "/tls/1.0.0"])
        _ = negotiation.start()
        while !input.isEmpty {
            guard let step = try? negotiation.receive(input.chunk()), step.outcome == nil else { return }
            check(negotiation.pendingCount <= MultistreamNegotiation.maximumMessageLength + 2)
        }
    }

    static func noise(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        let seed = [UInt8](repeating: 5, count: 32)
        guard
            var handshake = try? NoiseHandshake(
                role: input.byte() & 1 == 0 ? .responder : .initiator, identity: identity(4), expectedPeer: nil, muxers: ["/yamux/1.0.0"],
                ephemeralSeed: seed, staticSeed: seed.reversed())
        else { return }
        _ = try? handshake.start()
        while !input.isEmpty {
            guard let step = try? handshake.receive(input.chunk()), step.outcome == nil else { return }
        }
    }

    /// The corpus has those of the specification: one whose own signature does not hold is not read to its end.
    static func certificate(_ bytes: [UInt8]) {
        guard (try? PeerCertificate(der: bytes, unixSeconds: 1_800_000_000)) != nil else { return }
        check(bytes.count <= PeerCertificate.maximumByteCount)
    }

    static func yamux(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        var configuration = YamuxConfiguration()
        configuration.maximumBufferedSendBytes = 4096
        configuration.keepAliveInterval = .seconds(30)
        var session = YamuxSession(role: input.byte() & 1 == 0 ? .responder : .initiator, configuration: configuration, now: .origin)
        var now = Instant.origin
        while !input.isEmpty, !session.isTerminated {
            let what = input.byte()
            now = now + .milliseconds(Int(what) * Int(what))
            let stream = YamuxStreamID(rawValue: UInt32(what >> 3))
            let actions: [YamuxSession.Action]
            switch what & 7 {
            case 0: actions = session.handle(.open, now: now)
            case 1: actions = session.handle(.write(stream, [UInt8](repeating: what, count: 1500)), now: now)
            case 2: actions = session.handle(.closeWrite(stream), now: now)
            case 3: actions = session.handle(.reset(stream), now: now)
            case 4: actions = session.handle(.deadlineReached, now: now)
            case 5: actions = session.handle(.transportWritable(what & 8 == 0), now: now)
            default: actions = session.handle(.received(input.chunk()), now: now)
            }
            for case .received(let id, let data) in actions { _ = session.handle(.consumed(id, data.count), now: now) }
            check(session.streamCount <= configuration.maximumInboundStreams + configuration.maximumPendingOpens)
        }
    }

    /// A connection in the clear, whose other end does not know what it says.
    static func connection(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        var random = SeededGenerator(seed: 9)
        let messages = MessageProtocol(ids: ["/test/1"], maximumFrameBytes: 1024, opensAtOnce: true)
        let configuration = ConnectionConfiguration(
            identity: identity(5), networkKey: nil, messageProtocols: [messages], agentVersion: "fuzz")
        guard
            var machine = try? PeerConnection(
                role: input.byte() & 1 == 0 ? .listener : .dialer, configuration: configuration, expectedPeer: nil, remoteAddress: nil,
                listenAddresses: [], entropy: ConnectionEntropy(from: &random), now: .origin)
        else { return }
        _ = machine.start()
        while !input.isEmpty { _ = machine.handle(.received(input.chunk()), now: .origin) }
        _ = machine.handle(.deadlineReached, now: .origin + .seconds(60))
    }

    static var wishes: [[UInt8]] {
        let address = Multiaddr(tcp: SocketAddress(IPAddress(family: .ipv4, value: 0x0505_0501), port: 7))
        let wish = AutoNATMessage.dial(DialRequest(peer: identity(1).peerID, addresses: [address])).encoded
        let answers = [DialResponse(.ok, address: address), DialResponse(.dialError)].map { AutoNATMessage.response($0).encoded }
        return [[0] + FuzzInput.chunk(wish)] + answers.map { [2] + FuzzInput.chunk($0) }
    }

    /// Both sides: whoever asks must not have others dialled, and whoever answers must not be asked without end.
    static func autonat(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        let (peer, remote) = (identity(1).peerID, IPAddress(family: .ipv4, value: 0x0505_0501))
        var server = DialBackServer<Int>(AutoNATConfiguration())
        var client = DialBackClient(AutoNATConfiguration(), peer: identity(2).peerID, generator: SeededGenerator(seed: 1))
        var (now, number) = (Instant.origin, 0)
        _ = client.handle(.place(OwnPlace(port: 1, addresses: [], networks: [])), now: now)
        _ = client.handle(.peer(peer, Witness(remote: remote, observed: remote)), now: now)
        while !input.isEmpty {
            let what = input.byte()
            now = now + .seconds(Int(what))
            number += 1
            switch what & 3 {
            case 0:
                for action in server.handle(.asked(number, by: peer, from: remote, message: input.chunk()), now: now) {
                    guard case .dial(_, _, let targets) = action else { continue }
                    check(targets.count <= AutoNATConfiguration().maximumAddresses && targets.allSatisfy { $0.address == remote })
                }
            case 1: _ = server.handle(.deadlineReached, now: now)
            case 2: _ = client.handle(.answered(.success(input.chunk())), now: now)
            default: check(client.handle(.deadlineReached, now: now).count <= 1)
            }
        }
    }

    /// PRUNEs that name other peers, with a record, a forged one, and none.
    static var exchanges: [[UInt8]] {
        let address = Multiaddr(tcp: SocketAddress(IPAddress(family: .ipv4, value: 0x0a00_0001), port: 7))
        let record = PeerRecord(peerID: identity(20).peerID, sequence: 1, addresses: [address])
        guard let sealed = try? record.sealed(by: identity(20)).encoded else { preconditionFailure("it signs its own record") }
        let forged = Array(sealed.dropLast()) + [0]
        let prunes = [sealed, forged, nil].map { prune(Array("a".utf8), identity(20).peerID.bytes, record: $0) }
        return prunes.map { [4] + FuzzInput.chunk($0) } + [[5] + FuzzInput.chunk(sealed) + [4] + FuzzInput.chunk(prunes[0])]
    }

    private static func prune(_ topic: [UInt8], _ peer: [UInt8], record: [UInt8]?) -> [UInt8] {
        func field(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] { [tag] + Varint.encode(UInt64(content.count)) + content }
        let info = field(0x0a, peer) + (record.map { field(0x12, $0) } ?? [])
        return field(0x1a, field(0x22, field(0x0a, topic) + field(0x12, info) + [0x18, 60]))
    }

    /// Every peer counts for something, so that what it does has consequences.
    private static var scoring: Scoring? {
        try? Scoring(ScoreParameters(topics: [Topic("a"): TopicScoreParameters(), Topic("b"): TopicScoreParameters()]))
    }

    /// A router with three peers, each of whom says what he likes.
    static func gossip(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        var configuration = GossipSubConfiguration()
        configuration.maximumSeenMessages = 64
        configuration.exchangesPeers = true
        configuration.scoring = scoring
        check(configuration.scoring != nil)
        var router = GossipSubRouter(
            identity: identity(6), configuration: configuration, firstSequence: 1, generator: SeededGenerator(seed: 1))
        let peers = (0..<3).map { identity($0 + 10).peerID }
        var now = Instant.origin
        _ = router.handle(.subscribe(Topic("a"), TopicPolicy(signing: .none, validation: .acceptAll)), now: now)
        _ = router.handle(.subscribe(Topic("b"), TopicPolicy(signing: .strictSign, validation: .acceptAll)), now: now)
        for peer in peers { _ = router.handle(.peerConnected(peer, .v1_1, isOutbound: false), now: now) }
        while !input.isEmpty {
            let what = input.byte()
            now = now + .milliseconds(Int(what))
            let peer = peers[Int(what >> 4) % peers.count]
            switch what & 15 {
            case 0: _ = router.handle(.peerDisconnected(peer), now: now)
            case 1: _ = router.handle(.peerConnected(peer, .v1_1, isOutbound: true), now: now)
            case 2: _ = router.handle(.deadlineReached, now: now)
            case 3: _ = router.handle(.publish(Topic("a"), [what]), now: now)
            case 5: _ = router.handle(.certified(peer, signedPeerRecord: input.chunk()), now: now)
            default: _ = router.handle(.received(from: peer, input.chunk()), now: now)
            }
        }
    }
}

/// What must hold whatever the input is: a fault that is no trap is one, too.
func check(_ condition: Bool, file: StaticString = #fileID, line: UInt = #line) {
    precondition(condition, file: file, line: line)
}
