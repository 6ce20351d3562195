import IPAddresses
import Multiformats
import Testing
import Timeline

@testable import GossipSub

/// What a router does with scores. Counters do not shrink here: the interval of decay is a day.
@Suite("Scoring")
struct ScoringTests {
    private func configuration(
        _ change: (inout ScoreParameters, inout TopicScoreParameters, inout GossipSubConfiguration) -> Void = { _, _, _ in }
    ) throws -> GossipSubConfiguration {
        var (all, one, configuration) = (ScoreParameters(topics: [:]), TopicScoreParameters.silent, GossipSubConfiguration())
        (all.decayInterval, all.behaviourWeight, all.retention) = (.seconds(86_400), -1, .seconds(100))
        one.invalidDeliveriesWeight = -1
        change(&all, &one, &configuration)
        all.topics = [topic: one]
        configuration.scoring = try Scoring(all)
        return configuration
    }

    private func bench(_ configuration: GossipSubConfiguration, policy: TopicPolicy = unsigned) throws -> Bench {
        var bench = try Bench(configuration)
        _ = bench(.subscribe(topic, policy))
        return bench
    }

    /// A peer in the topic, and what the application thinks of it.
    private func join(_ index: Int, _ score: Double = 0, _ bench: inout Bench, _ version: PeerVersion = .v1_1) throws -> PeerID {
        let peer = try peerID(index)
        _ = bench(.applicationScore(peer, score))
        _ = bench.join(peer, version)
        return peer
    }

    private func wires(_ count: UInt8) throws -> [WireMessage] { try (0..<count).map { try MessageSigning.unsigned(topic, [$0]) } }

    // MARK: What counts

    @Test("an accepted message counts for who sent it first, and in the mesh for who sent it while it was judged or shortly after")
    func accepted() throws {
        let configuration = try configuration { _, one, _ in
            (one.firstDeliveriesWeight, one.meshDeliveriesWeight, one.meshDeliveriesThreshold) = (100, -1, 1)
            one.meshDeliveriesActivation = .zero
        }
        var bench = try bench(configuration, policy: validated)
        let peers = try (1...5).map { try join($0, 0, &bench) }
        let wire = try wires(1)[0]
        let copy = frame(messages: [wire.bytes])
        bench.now = bench.now + .seconds(1)
        func scores() -> [Double] { peers.map { bench.score(of: $0) } }
        #expect(scores() == [-1, -1, -1, -1, -1], "nobody has delivered anything yet")
        _ = bench(.received(from: peers[0], copy))
        _ = bench(.received(from: peers[1], copy))
        #expect(scores() == [-1, -1, -1, -1, -1], "not judged yet")
        _ = bench(.validated(wire.id, .accept))
        #expect(scores() == [100, 0, -1, -1, -1])
        bench.now = bench.now + .milliseconds(10)
        _ = bench(.received(from: peers[2], copy))
        #expect(scores() == [100, 0, 0, -1, -1])
        bench.now = bench.now + .milliseconds(1)
        _ = bench(.received(from: peers[3], copy))
        #expect(scores() == [100, 0, 0, -1, -1], "too late")
    }

    @Test("who sends a message twice is paid once")
    func copies() throws {
        let configuration = try configuration { _, one, _ in
            (one.meshDeliveriesWeight, one.meshDeliveriesThreshold, one.meshDeliveriesActivation) = (-1, 3, .zero)
        }
        var bench = try bench(configuration)
        let peers = try (1...2).map { try join($0, 0, &bench) }
        let copy = frame(messages: [try wires(1)[0].bytes])
        for _ in 0..<3 { for peer in peers { _ = bench(.received(from: peer, copy)) } }
        bench.now = bench.now + .milliseconds(1)
        #expect(peers.map { bench.score(of: $0) } == [-4, -4], "one delivered, two missing, each")
    }

    @Test("a rejected message counts against all who sent it, before the verdict and after; an ignored one against nobody")
    func rejected() throws {
        var bench = try bench(try configuration(), policy: validated)
        let peers = try (1...3).map { try join($0, 0, &bench) }
        let wires = try wires(2)
        for peer in peers.prefix(2) { _ = bench(.received(from: peer, frame(messages: wires.map(\.bytes)))) }
        _ = bench(.validated(wires[0].id, .ignore))
        #expect(bench(.validated(wires[1].id, .reject)) == [.dropped(from: peers[0], reason: .rejected)])
        #expect(peers.map { bench.score(of: $0) } == [-1, -1, 0])
        #expect(bench(.received(from: peers[2], frame(messages: wires.map(\.bytes)))).delivered.isEmpty)
        #expect(bench.score(of: peers[2]) == -1)
        #expect(bench.router.scores?.outcomeCount == 1)
    }

    @Test("what is wrong with a message counts as invalid, what is wrong with a frame as misbehaviour, limits and old messages of ours not")
    func faults() throws {
        let other = Topic("other")
        var bench = try bench(try configuration { all, _, _ in all.behaviourWeight = -100 }, policy: signed)
        _ = bench(.subscribe(other, signed))
        let good = try MessageSigning.signed(topic, [1], sequence: 1, by: identity(40)).bytes
        let own = try MessageSigning.signed(topic, [1], sequence: 1, by: identity(0)).bytes
        let unscored = try MessageSigning.signed(other, [1], sequence: 1, by: identity(40)).bytes
        func spoilt(_ bytes: [UInt8]) -> [UInt8] { Array(bytes.dropLast()) + [(bytes.last ?? 0) ^ 1] }
        let cases: [([UInt8], DropReason, Double)] = [
            (frame(messages: [spoilt(good)]), .invalidSignature, -1), (frame(messages: [try wires(1)[0].bytes]), .missingField, -1),
            (frame(messages: [spoilt(unscored)]), .invalidSignature, 0), (frame(messages: [own]), .ownMessage, 0),
            (frame(messages: [[0xff]]), .malformedMessage, -100), ([0x0b], .malformedRPC, -100),
            (frame(subscribe: (0..<200).map { Topic("\($0)") }), .tooManySubscriptions, 0),
        ]
        for (index, (frame, reason, expected)) in cases.enumerated() {
            let peer = try join(index + 1, 0, &bench)
            #expect(bench(.received(from: peer, frame)).dropReasons == [reason])
            #expect(bench.score(of: peer) == expected, "\(reason)")
        }
    }

    @Test("a GRAFT in the back-off counts, and twice if it comes at once", arguments: [(9, -4.0), (10, -1.0)])
    func graftDuringBackoff(seconds: Int, expected: Double) throws {
        var bench = try bench(try configuration())
        let peer = try join(1, 0, &bench)
        _ = bench(.received(from: peer, frame(control: [.prune(topic, backoffSeconds: nil)])))
        bench.now = bench.now + .seconds(seconds)
        #expect(bench.graft(peer).dropReasons == [.graftDuringBackoff])
        #expect(bench.score(of: peer) == expected)
    }

    @Test("each broken promise counts")
    func promises() throws {
        var bench = try bench(try configuration())
        let peer = try join(1, 0, &bench)
        for number in UInt8(0)..<3 {
            _ = bench(.received(from: peer, frame(control: [.ihave(topic, [MessageID(bytes: [number])])])))
        }
        #expect(bench.run(.seconds(5)).dropReasons == [.brokenPromise])
        #expect(bench.score(of: peer) == -9)
    }

    @Test("too many peers of one address, or of one /64, count; not those at addresses that are excepted, or on this machine")
    func colocation() throws {
        let exception = try #require(IPPrefix("10.9.0.0/16"))
        var bench = try bench(
            try configuration { all, _, _ in
                (all.colocationWeight, all.colocationThreshold, all.colocationExceptions) = (-1, 1, [exception])
            })
        let places = [
            "10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.2", "fd00::1", "fd00::2", "fd00:0:0:1::1", "10.9.0.1", "10.9.0.1", "127.0.0.1",
            "127.0.0.1", "::ffff:10.0.0.2",
        ]
        let peers = try places.indices.map { try join($0 + 1, 0, &bench) }
        for (peer, place) in zip(peers, places) { _ = bench(.located(peer, try #require(IPAddress(place)))) }
        #expect(peers.map { bench.score(of: $0) } == [-4, -4, -4, -1, -1, -1, 0, 0, 0, 0, 0, -1])
        _ = bench(.peerDisconnected(peers[0]))
        _ = bench(.located(peers[1], try #require(IPAddress("10.0.0.7"))))
        #expect(peers.prefix(3).map { bench.score(of: $0) } == [0, 0, 0])
    }

    @Test("the application's opinion counts until the peer leaves; what is no number does not")
    func application() throws {
        var bench = try bench(try configuration())
        let peer = try join(1, 3, &bench)
        _ = bench(.applicationScore(peer, .nan))
        #expect(bench.score(of: peer) == 3)
        _ = bench(.peerDisconnected(peer))
        _ = bench.join(peer)
        #expect(bench.score(of: peer) == 0)
    }

    // MARK: What it leads to

    @Test("a peer of negative score is pruned by a heartbeat soon after, without suggestions, and not grafted again")
    func pruned() throws {
        var bench = try bench(
            try configuration {
                $2.exchangesPeers = true; _ = ($0, $1)
            })
        let peers = try (1...3).map { try join($0, 0, &bench) }
        _ = bench(.received(from: peers[0], [0x0b]))
        let actions = bench.run(.seconds(2))
        #expect(actions.control(to: peers[0]) == [.prune(topic, backoffSeconds: 60)])
        #expect(bench.mesh == Set(peers.dropFirst()))
        #expect(bench.router.nextDeadline == nil, "nothing to wait for: a peer of negative score is no candidate")
        bench.now = bench.now + .seconds(100)
        let refused = bench.graft(peers[0])
        #expect(refused.dropReasons == [.lowScore])
        #expect(refused.control(to: peers[0]) == [.prune(topic, backoffSeconds: 60)])
    }

    @Test("below the gossip threshold nobody is told or asked of messages")
    func gossipThreshold() throws {
        var bench = try bench(try configuration())
        let (low, high) = (try join(1, -10.5, &bench), try join(2, -9.5, &bench))
        let wire = try wires(1)[0]
        _ = bench(.received(from: try peerID(9), frame(messages: [wire.bytes])))
        #expect(bench.run(.milliseconds(200)).recipients == [high])
        let ihave = frame(control: [.ihave(topic, [MessageID(bytes: [1])])])
        #expect(bench(.received(from: low, ihave)).dropReasons == [.lowScore])
        #expect(!bench(.received(from: high, ihave)).control(to: high).isEmpty)
        let iwant = frame(control: [.iwant([wire.id])])
        #expect(bench(.received(from: low, iwant)).dropReasons == [.lowScore])
        #expect(bench(.received(from: high, iwant)).messages(to: high).count == 1)
    }

    @Test("below the publish threshold nobody gets our messages: not by flooding, fanout or floodsub", arguments: [true, false])
    func publishThreshold(floods: Bool) throws {
        var bench = try bench(
            try configuration {
                $2.floodsOwnMessages = floods; _ = ($0, $1)
            })
        _ = bench(.unsubscribe(topic))
        let low = [try join(1, -51, &bench), try join(2, -51, &bench, .floodsub)]
        let high = [try join(3, -49, &bench), try join(4, -49, &bench, .floodsub)]
        #expect(bench(.publish(topic, [1])).recipients == Set(high))
        #expect(bench.router.fanout.isEmpty == floods)
        _ = bench(.applicationScore(high[0], -51))
        #expect(bench(.publish(topic, [2])).recipients == [high[1]])
        _ = bench(.applicationScore(low[0], 0))
        #expect(bench(.publish(topic, [3])).recipients == [high[1], low[0]])
    }

    @Test("below the graylist threshold nothing is looked at")
    func graylist() throws {
        var bench = try bench(try configuration())
        let peer = try join(1, -81, &bench)
        #expect(bench.router.peers[peer]?.topics == [])
        let message = frame(messages: [try wires(1)[0].bytes])
        #expect(bench(.received(from: peer, message)) == [.dropped(from: peer, reason: .graylisted)])
        _ = bench(.applicationScore(peer, -79))
        #expect(bench(.received(from: peer, message)).delivered.count == 1)
    }

    @Test("of a mesh that is too large the best stay, and enough outbound ones")
    func surplus() throws {
        var bench = try bench(
            try configuration {
                $2.meshDegreeHigh = 12; _ = ($0, $1)
            })
        var peers: [PeerID] = []
        for index in 1...14 {
            let peer = try join(index, index <= 4 ? 10 : 1, &bench)
            _ = bench(.peerConnected(peer, .v1_1, isOutbound: index > 11))
            _ = bench.graft(peer)
            peers.append(peer)
        }
        #expect(bench.mesh.count == 14)
        _ = bench.run(.seconds(2))
        #expect(bench.mesh.count == 6)
        #expect(bench.mesh.isSuperset(of: peers.prefix(4)))
        #expect(bench.mesh.intersection(peers.suffix(3)).count == 2)
    }

    @Test("a mesh of low scores takes in two better peers once in a minute, while there is a heartbeat anyway")
    func opportunisticGrafting() throws {
        var bench = try bench(try configuration())
        let poor = try (1...6).map { try join($0, 0.5, &bench) }
        let better = try (7...11).map { try join($0, 5, &bench) }
        let poorToo = try join(12, 0.5, &bench)
        #expect(bench.mesh == Set(poor))
        #expect(bench.router.nextDeadline == nil, "no heartbeat for this alone")
        func talk() throws { _ = bench(.publish(topic, [UInt8(bench.mesh.count)])); _ = bench.run(.seconds(10)) }
        try talk()
        #expect(bench.mesh.count == 8 && bench.mesh.intersection(better).count == 2)
        try talk()
        #expect(bench.mesh.count == 8, "not so soon again")
        _ = bench.run(.seconds(60))
        _ = bench(.publish(topic, [100]))
        _ = bench.run(.seconds(10))
        #expect(bench.mesh.count == 10 && !bench.mesh.contains(poorToo))
    }

    @Test("suggestions are taken from the accepting threshold on")
    func suggestions() throws {
        var configuration = try configuration {
            $2.exchangesPeers = true; _ = ($0, $1)
        }
        var thresholds = ScoreThresholds()
        thresholds.acceptPeerExchange = 5
        configuration.scoring = try configuration.scoring.map { try Scoring($0.parameters, thresholds) }
        var bench = try bench(configuration)
        let (low, high) = (try join(1, 4, &bench), try join(2, 5, &bench))
        let prune = frame(control: [.prune(topic, backoffSeconds: 1, suggestions: [try suggestion(30)])])
        #expect(bench(.received(from: low, prune)).dropReasons == [.lowScore])
        #expect(bench(.received(from: high, prune)).suggested == [try peerID(30)])
    }

    // MARK: Who leaves

    @Test("a bad score is kept for a while, and goes on where it stood")
    func retained() throws {
        var bench = try bench(try configuration())
        let (bad, good) = (try join(1, 0, &bench), try join(2, 0, &bench))
        for _ in 0..<3 { _ = bench(.received(from: bad, [0x0b])) }
        for peer in [bad, good] { _ = bench(.peerDisconnected(peer)) }
        #expect(bench.router.scores?.retainedCount == 1, "nothing is to be remembered of the good one")
        bench.now = bench.now + .seconds(99)
        _ = bench.join(bad)
        #expect(bench.score(of: bad) == -9)
        _ = bench(.peerDisconnected(bad))
        bench.now = bench.now + .seconds(100)
        _ = bench.join(bad)
        #expect(bench.score(of: bad) == 0)
    }

    @Test("scores of peers that left, when full: the least bad is forgotten, and first those whose time is over")
    func retainedCount() throws {
        var bench = try bench(
            try configuration {
                $2.maximumRetainedScores = 2; _ = ($0, $1)
            })
        func leave(_ index: Int, faults: Int) throws {
            let peer = try join(index, 0, &bench)
            for _ in 0..<faults { _ = bench(.received(from: peer, [0x0b])) }
            _ = bench(.peerDisconnected(peer))
        }
        /// What a peer comes back with.
        func score(_ index: Int) throws -> Double {
            var copy = bench
            let peer = try join(index, 0, &copy)
            return copy.score(of: peer)
        }
        try leave(1, faults: 3)
        try leave(2, faults: 1)
        try leave(3, faults: 2)
        #expect(bench.router.scores?.retainedCount == 2)
        #expect(try (1...3).map(score) == [-9, 0, -4])
        bench.now = bench.now + .seconds(100)
        try leave(4, faults: 1)
        #expect(bench.router.scores?.retainedCount == 1)
    }

    @Test("judged messages, when full: copies of the oldest count neither way")
    func outcomes() throws {
        var bench = try bench(
            try configuration {
                $2.maximumDeliveryOutcomes = 2; _ = ($0, $1)
            }, policy: validated)
        let peers = try (1...2).map { try join($0, 0, &bench) }
        let wires = try wires(3)
        for wire in wires {
            _ = bench(.received(from: peers[0], frame(messages: [wire.bytes])))
            _ = bench(.validated(wire.id, .reject))
        }
        #expect(bench.router.scores?.outcomeCount == 2)
        for wire in wires { _ = bench(.received(from: peers[1], frame(messages: [wire.bytes]))) }
        #expect(bench.score(of: peers[1]) == -4)
    }

    @Test("without scoring every score is zero")
    func off() throws {
        var bench = try Bench()
        let peer = try join(1, -1_000, &bench)
        for _ in 0..<100 { _ = bench(.received(from: peer, [0x0b])) }
        #expect(bench.score(of: peer) == 0)
    }
}
