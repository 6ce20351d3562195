import Multiformats
import Testing
import Timeline

@testable import GossipSub

@Suite("What when full")
struct LimitTests {
    private func bench(_ change: (inout GossipSubConfiguration) -> Void, policy: TopicPolicy = unsigned) throws -> Bench {
        var configuration = GossipSubConfiguration()
        change(&configuration)
        var bench = try Bench(configuration)
        _ = bench(.subscribe(topic, policy))
        return bench
    }

    private func wires(_ count: Int, size: Int = 1) throws -> [WireMessage] {
        try (0..<count).map { try MessageSigning.unsigned(topic, [UInt8](repeating: UInt8($0), count: size)) }
    }

    @Test("RPC bytes: the frame is dropped")
    func rpcBytes() throws {
        var bench = try bench { $0.maximumRPCBytes = 100 }
        let peer = try peerID(1)
        #expect(bench(.received(from: peer, [UInt8](repeating: 0, count: 101))).dropReasons == [.rpcTooLarge])
    }

    @Test("message bytes: the message is dropped, those beside it are not; an own one is refused")
    func messageBytes() throws {
        var bench = try bench { $0.maximumMessageBytes = 100 }
        let messages = [try wires(1, size: 101)[0].bytes, try wires(1, size: 50)[0].bytes]
        let actions = bench(.received(from: try peerID(1), frame(messages: messages)))
        #expect(actions.dropReasons == [.messageTooLarge])
        #expect(actions.delivered.count == 1)
        #expect(bench(.publish(topic, [UInt8](repeating: 0, count: 98))) == [.refused(.messageTooLarge(topic))])
    }

    @Test("a malformed message is dropped, those beside it are not")
    func malformedMessage() throws {
        var bench = try bench { _ in }
        let actions = bench(.received(from: try peerID(1), frame(messages: [[0xff], try wires(1)[0].bytes])))
        #expect(actions.dropReasons == [.malformedMessage])
        #expect(actions.delivered.count == 1)
    }

    @Test("topic bytes")
    func topicBytes() throws {
        var bench = try bench { $0.maximumTopicBytes = 10 }
        let long = Topic("01234567890")
        let peer = try peerID(1)
        #expect(bench(.received(from: peer, frame(subscribe: [long, topic]))).dropReasons == [.topicTooLong])
        #expect(bench.router.peers[peer]?.topics == [topic])
        #expect(bench(.received(from: peer, frame(control: [.graft(long)]))).dropReasons == [.topicTooLong])
        let message = try MessageSigning.unsigned(long, [1]).bytes
        #expect(bench(.received(from: peer, frame(messages: [message]))).dropReasons == [.topicTooLong])
        #expect(bench(.subscribe(long, unsigned)) == [.refused(.topicTooLong)])
        #expect(bench(.publish(long, [1])) == [.refused(.topicTooLong)])
    }

    @Test("message id bytes: a longer id is not asked for")
    func messageIDBytes() throws {
        var bench = try bench { $0.maximumMessageIDBytes = 20 }
        let peer = try peerID(1)
        _ = bench.join(peer)
        let ids = [MessageID(bytes: [UInt8](repeating: 1, count: 21))]
        #expect(bench(.received(from: peer, frame(control: [.ihave(topic, ids)]))).isEmpty)
    }

    @Test("peers: further ones are ignored until one leaves")
    func peers() throws {
        var bench = try bench { $0.maximumPeers = 2 }
        for index in 1...2 { _ = bench.join(try peerID(index)) }
        let third = try peerID(3)
        #expect(bench(.peerConnected(third, .v1_1, isOutbound: true)) == [.dropped(from: third, reason: .tooManyPeers)])
        #expect(bench(.received(from: third, frame(subscribe: [topic]))).dropReasons == [.tooManyPeers])
        #expect(bench.router.peers.count == 2)
        _ = bench(.peerDisconnected(try peerID(1)))
        #expect(bench.join(third).dropReasons.isEmpty)
    }

    @Test("own topics: refused")
    func topics() throws {
        var bench = try bench { $0.maximumTopics = 1 }
        #expect(bench(.subscribe(Topic("b"), unsigned)) == [.refused(.tooManyTopics(Topic("b")))])
        #expect(bench(.subscribe(topic, signed)).isEmpty)
    }

    @Test("subscriptions of a peer, and in one RPC: further ones are ignored")
    func subscriptions() throws {
        var bench = try bench {
            $0.maximumSubscriptionsPerPeer = 3
            $0.maximumSubscriptionsPerRPC = 4
        }
        let peer = try peerID(1)
        let names = (0..<10).map { Topic("\($0)") }
        #expect(bench(.received(from: peer, frame(subscribe: names))).dropReasons == [.tooManySubscriptions])
        #expect(bench.router.peers[peer]?.topics == Set(names.prefix(3)))
        #expect(bench(.received(from: peer, frame(unsubscribe: [names[0]]))).isEmpty)
        #expect(bench(.received(from: peer, frame(subscribe: [names[9]]))).isEmpty)
        #expect(bench.router.peers[peer]?.topics == [names[1], names[2], names[9]])
    }

    @Test("messages and control entries in one RPC: further ones are ignored")
    func entries() throws {
        var bench = try bench {
            $0.maximumMessagesPerRPC = 3
            $0.maximumControlEntriesPerRPC = 2
        }
        let peer = try peerID(1)
        _ = bench.join(peer)
        let many = bench(.received(from: peer, frame(messages: try wires(5).map(\.bytes))))
        #expect(many.delivered.count == 3)
        #expect(many.dropReasons == [.tooManyMessages])
        let control: [ControlEntry] = [.graft(Topic("a")), .graft(Topic("b")), .prune(topic, backoffSeconds: nil)]
        #expect(bench(.received(from: peer, frame(control: control))).dropReasons == [.tooManyControlEntries])
        #expect(bench.mesh == [peer])
    }

    @Test("seen ids: the oldest is forgotten")
    func seenCount() throws {
        var cache = SeenCache(ttl: .seconds(120), maximumCount: 3)
        let ids = (0..<4).map { MessageID(bytes: [$0]) }
        for (second, id) in ids.enumerated() { cache.insert(id, now: .origin + .seconds(second)) }
        let now = Instant.origin + .seconds(10)
        #expect(ids.map { cache.contains($0, now: now) } == [false, true, true, true])
        #expect(cache.count == 3)
        cache.insert(ids[0], now: .origin + .seconds(122))
        #expect(cache.count == 2, "those that expired went")
    }

    @Test("message cache: the oldest is forgotten; what is too large for it is not kept")
    func cacheBytes() throws {
        let messages = try wires(5, size: 100)
        let cost = messages[0].bytes.count + MessageCache.entryOverhead
        var cache = MessageCache(historyLength: 5, historyGossip: 3, maximumBytes: 3 * cost)
        for message in messages { cache.insert(message) }
        #expect(cache.count == 3 && cache.byteCount == 3 * cost)
        #expect(cache.gossipIDs(of: topic) == messages.suffix(3).reversed().map(\.id))
        cache.insert(try wires(1, size: 2_000)[0])
        #expect(cache.count == 3)
        for _ in 0..<3 { cache.shift() }
        #expect(cache.gossipIDs(of: topic).isEmpty && cache.count == 3)
        for _ in 0..<2 { cache.shift() }
        #expect(cache.isEmpty && cache.byteCount == 0)
    }

    @Test("back-offs: the one that ends first is forgotten")
    func backoffCount() throws {
        var table = BackoffTable(slack: .seconds(2), maximumCount: 2)
        let peers = try (1...3).map { try peerID($0) }
        let start = Instant.origin
        table.extend(topic, peers[0], to: start + .seconds(60), now: start)
        table.extend(topic, peers[1], to: start + .seconds(10), now: start)
        table.extend(topic, peers[0], to: start + .seconds(5), now: start)
        table.extend(topic, peers[2], to: start + .seconds(30), now: start)
        #expect(table.count == 2)
        #expect(peers.map { table.graftableAt(topic, $0, now: start) } == [start + .seconds(62), nil, start + .seconds(32)])
        #expect(table.graftForbidden(topic, from: peers[0], now: start + .seconds(59)) == start + .seconds(60))
        #expect(table.graftForbidden(topic, from: peers[0], now: start + .seconds(60)) == nil)
        table.forgetExpired(now: start + .seconds(62))
        #expect(table.count == 0)
    }

    @Test("promises: further ones are not followed up")
    func promiseCount() throws {
        var promises = Promises(maximumCount: 2)
        let peer = try peerID(1)
        for number in UInt8(0)..<3 { promises.add(MessageID(bytes: [number]), by: peer, until: .origin) }
        #expect(promises.count == 2)
        promises.fulfil(MessageID(bytes: [0]))
        #expect(promises.count == 1)
        #expect(promises.removeBroken(now: .origin).map(\.peer) == [peer])
        #expect(promises.isEmpty && promises.count == 0)
    }

    @Test("pending validations, by count and bytes: dropped, not seen, so they can come again", arguments: [true, false])
    func pendingValidations(byCount: Bool) throws {
        let messages = try wires(3, size: 100)
        var bench = try bench(
            { if byCount { $0.maximumPendingValidations = 2 } else { $0.maximumPendingValidationBytes = 2 * messages[0].bytes.count } },
            policy: validated)
        let peer = try peerID(1)
        let actions = bench(.received(from: peer, frame(messages: messages.map(\.bytes))))
        #expect(actions.delivered.count == 2)
        #expect(actions.dropReasons == [.tooManyPendingValidations])
        _ = bench(.validated(messages[0].id, .accept))
        #expect(bench(.received(from: peer, frame(messages: [messages[2].bytes]))).delivered.count == 1)
        // Verdicts that never come do not block for ever.
        bench.now = bench.now + .seconds(121)
        #expect(bench(.received(from: peer, frame(messages: [messages[0].bytes]))).delivered.count == 1)
    }

    @Test("fanout topics: the one unused for longest is forgotten")
    func fanoutTopics() throws {
        var bench = try bench { $0.maximumFanoutTopics = 2 }
        for name in ["a", "b", "a", "c"] {
            bench.now = bench.now + .seconds(1)
            _ = bench(.publish(Topic(name), [1]))
        }
        #expect(Set(bench.router.fanout.keys.map(\.name)) == ["a", "c"])
    }

    @Test("a frame of ours is never longer than the limit")
    func ownFrames() throws {
        var bench = try bench {
            $0.maximumRPCBytes = 1_000
            $0.maximumMessageBytes = 900
        }
        let peer = try peerID(1)
        _ = bench.join(peer)
        let messages = try wires(5, size: 800)
        for message in messages { _ = bench(.received(from: try peerID(2), frame(messages: [message.bytes]))) }
        let actions = bench(.received(from: peer, frame(control: [.iwant(messages.map(\.id))])))
        let frames = actions.compactMap { if case .send(_, let frame) = $0 { frame } else { nil } }
        #expect(frames.count == 5)
        #expect(frames.allSatisfy { $0.count <= 1_000 })
    }
}
