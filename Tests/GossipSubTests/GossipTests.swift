import Multiformats
import Testing
import Timeline

@testable import GossipSub

@Suite("Gossip")
struct GossipTests {
    private let message = Array("message".utf8)

    private func bench(_ configuration: GossipSubConfiguration = GossipSubConfiguration()) throws -> Bench {
        var bench = try Bench(configuration)
        _ = bench(.subscribe(topic, unsigned))
        return bench
    }

    /// A peer outside the mesh, because it pruned us.
    private func outsider(_ index: Int, _ bench: inout Bench) throws -> PeerID {
        let peer = try peerID(index)
        _ = bench.join(peer)
        _ = bench(.received(from: peer, frame(control: [.prune(topic, backoffSeconds: 600)])))
        return peer
    }

    private func id(_ number: UInt8) -> MessageID { MessageID(bytes: [UInt8](repeating: number, count: 20)) }

    @Test("who is outside the mesh hears of a message three times, may ask for it three times, and for five heartbeats")
    func ihaveAndIWant() throws {
        var bench = try bench()
        let outsider = try outsider(1, &bench)
        let sender = try peerID(2)
        _ = bench.join(sender)
        let wire = try MessageSigning.unsigned(topic, message)
        let received = bench(.received(from: sender, frame(messages: [wire.bytes])))
        #expect(received.recipients.isEmpty)
        #expect(bench.router.nextDeadline == bench.now + .milliseconds(100))
        let gossip = bench.run(.milliseconds(3_500))
        #expect(gossip.control(to: outsider) == Array(repeating: .ihave(topic, [wire.id]), count: 3))
        #expect(gossip.control(to: sender).isEmpty)
        let ask = frame(control: [.iwant([wire.id, wire.id])])
        for _ in 0..<3 { #expect(bench(.received(from: outsider, ask)).messages(to: outsider) == [wire.bytes]) }
        #expect(bench(.received(from: outsider, ask)).isEmpty)
        _ = bench.run(.milliseconds(1_000))
        #expect(bench.router.cache.isEmpty)
        #expect(bench(.received(from: sender, ask)).isEmpty)
        // What is left to wait for is the back-off, since the mesh is small.
        #expect(bench.router.nextDeadline.map { $0 > bench.now + .seconds(590) } == true)
    }

    @Test("a message lost on the way to the mesh comes by gossip")
    func recovery() throws {
        var sender = try bench()
        var receiver = try Bench(index: 1)
        _ = receiver(.subscribe(topic, unsigned))
        let receiverID = try outsider(1, &sender)
        let senderID = try peerID(0)
        _ = receiver.join(senderID)
        // The sender learns of a message from a third and does not forward it to the outsider.
        let wire = try MessageSigning.unsigned(topic, message)
        _ = sender(.received(from: try peerID(2), frame(messages: [wire.bytes])))
        let ihave = sender.run(.milliseconds(100)).control(to: receiverID)
        let iwant = receiver(.received(from: senderID, frame(control: ihave))).control(to: senderID)
        #expect(iwant == [.iwant([wire.id])])
        #expect(!receiver.router.promises.isEmpty)
        let answer = sender(.received(from: receiverID, frame(control: iwant))).messages(to: receiverID)
        #expect(receiver(.received(from: senderID, frame(messages: answer))).delivered.map(\.data) == [message])
        #expect(receiver.router.promises.isEmpty)
        // What is known is not asked for.
        #expect(receiver(.received(from: senderID, frame(control: ihave))).isEmpty)
    }

    @Test("a broken promise is told once, then forgotten, and the router rests")
    func brokenPromise() throws {
        var bench = try bench()
        let peer = try peerID(1)
        _ = bench.join(peer)
        let asked = bench(.received(from: peer, frame(control: [.ihave(topic, [id(1), id(2)])])))
        guard case .iwant(let ids) = asked.control(to: peer).first else { Issue.record("no IWANT"); return }
        #expect(Set(ids) == [id(1), id(2)])
        #expect(bench.run(.milliseconds(2_900)).dropReasons.isEmpty)
        #expect(bench.run(.seconds(2)).dropReasons == [.brokenPromise])
        #expect(bench.router.nextDeadline == nil)
    }

    @Test("a promise of a peer that left is not held against it")
    func promiseOfGone() throws {
        var bench = try bench()
        let peer = try peerID(1)
        _ = bench.join(peer)
        _ = bench(.received(from: peer, frame(control: [.ihave(topic, [id(1)])])))
        _ = bench(.peerDisconnected(peer))
        #expect(bench.run(.seconds(5)).dropReasons.isEmpty)
    }

    @Test("IHAVE for a topic that we have not joined is ignored")
    func foreignIHave() throws {
        var bench = try bench()
        let peer = try peerID(1)
        _ = bench.join(peer)
        #expect(bench(.received(from: peer, frame(control: [.ihave(Topic("other"), [id(1)])]))).isEmpty)
    }

    @Test("IHAVE is answered ten times in a heartbeat interval, then again in the next")
    func ihaveMessageCap() throws {
        var bench = try bench()
        let peer = try peerID(1)
        _ = bench.join(peer)
        for number in 0..<10 { #expect(!bench(.received(from: peer, frame(control: [.ihave(topic, [id(UInt8(number))])]))).isEmpty) }
        let more = frame(control: [.ihave(topic, [id(100)])])
        #expect(bench(.received(from: peer, more)) == [.dropped(from: peer, reason: .tooManyIHaves)])
        bench.now = bench.now + .seconds(1)
        #expect(bench(.received(from: peer, more)).control(to: peer) == [.iwant([id(100)])])
    }

    @Test("no more ids are asked for than allowed in a heartbeat interval")
    func ihaveIDCap() throws {
        var configuration = GossipSubConfiguration()
        configuration.maximumIHaveIDs = 5
        var bench = try bench(configuration)
        let peer = try peerID(1)
        _ = bench.join(peer)
        let first = bench(.received(from: peer, frame(control: [.ihave(topic, (0..<3).map { id($0) })])))
        let second = bench(.received(from: peer, frame(control: [.ihave(topic, (10..<20).map { id($0) })])))
        let counts = (first + second).control(to: peer).map { if case .iwant(let ids) = $0 { ids.count } else { 0 } }
        #expect(counts == [3, 2])
        #expect(bench(.received(from: peer, frame(control: [.ihave(topic, [id(30)])]))).dropReasons == [.tooManyIHaves])
    }

    @Test("no more ids are looked up than allowed in a heartbeat interval")
    func iwantCap() throws {
        var configuration = GossipSubConfiguration()
        configuration.maximumIWantIDs = 3
        var bench = try bench(configuration)
        let peer = try peerID(1)
        _ = bench.join(peer)
        let wires = try (0..<5).map { try MessageSigning.unsigned(topic, [$0]) }
        _ = bench(.received(from: try peerID(2), frame(messages: wires.map(\.bytes))))
        let actions = bench(.received(from: peer, frame(control: [.iwant(wires.map(\.id))])))
        #expect(actions.messages(to: peer) == wires.prefix(3).map(\.bytes))
        #expect(actions.dropReasons == [.tooManyIWants])
        bench.now = bench.now + .seconds(1)
        #expect(bench(.received(from: peer, frame(control: [.iwant([wires[4].id])]))).messages(to: peer) == [wires[4].bytes])
    }

    @Test("one IHAVE announces no more ids than allowed")
    func announcementCap() throws {
        var configuration = GossipSubConfiguration()
        configuration.maximumIHaveIDs = 4
        var bench = try bench(configuration)
        let outsider = try outsider(1, &bench)
        let wires = try (0..<9).map { try MessageSigning.unsigned(topic, [$0]) }
        _ = bench(.received(from: try peerID(2), frame(messages: wires.map(\.bytes))))
        guard case .ihave(_, let ids) = bench.run(.milliseconds(100)).control(to: outsider).first else { Issue.record("no IHAVE"); return }
        #expect(Set(ids).count == 4)
    }

    @Test("gossip goes to D_lazy peers, or to a quarter if that is more", arguments: [(10, 6), (40, 10)])
    func degree(outsiders: Int, expected: Int) throws {
        var bench = try bench()
        for index in 1...outsiders { _ = try outsider(index, &bench) }
        _ = bench(.received(from: try peerID(99), frame(messages: [try MessageSigning.unsigned(topic, message).bytes])))
        #expect(bench.run(.milliseconds(100)).recipients.count == expected)
    }

    @Test("a peer that joins the mesh hears of what it missed, once in a heartbeat interval")
    func catchingUp() throws {
        var bench = try bench()
        let wire = try MessageSigning.unsigned(topic, message)
        _ = bench(.received(from: try peerID(2), frame(messages: [wire.bytes])))
        let peer = try peerID(1)
        #expect(bench.join(peer).control(to: peer) == [.ihave(topic, [wire.id]), .graft(topic)])
        let again = [frame(unsubscribe: [topic]), frame(subscribe: [topic])]
        #expect(again.flatMap { bench(.received(from: peer, $0)) }.control(to: peer) == [.graft(topic)])
        bench.now = bench.now + .seconds(1)
        #expect(again.flatMap { bench(.received(from: peer, $0)) }.control(to: peer) == [.ihave(topic, [wire.id]), .graft(topic)])
    }

    @Test("external validation: forwarded on acceptance only, and not to those who sent it meanwhile")
    func verdicts() throws {
        var bench = try bench()
        _ = bench(.subscribe(topic, validated))
        let peers = try (1...3).map { try peerID($0) }
        for peer in peers { _ = bench.join(peer) }
        let wires = try (0..<3).map { try MessageSigning.unsigned(topic, [$0]) }
        for wire in wires {
            let actions = bench(.received(from: peers[0], frame(messages: [wire.bytes])))
            #expect(actions.delivered.map(\.id) == [wire.id])
            #expect(actions.recipients.isEmpty)
            #expect(bench(.received(from: peers[1], frame(messages: [wire.bytes]))).isEmpty)
        }
        #expect(bench(.validated(wires[0].id, .accept)).recipients == [peers[2]])
        #expect(bench(.validated(wires[0].id, .accept)).isEmpty)
        #expect(bench(.validated(wires[1].id, .reject)) == [.dropped(from: peers[0], reason: .rejected)])
        #expect(bench(.validated(wires[2].id, .ignore)).isEmpty)
        #expect(bench.router.validations.count == 0 && bench.router.validations.byteCount == 0)
        #expect(bench.router.cache.count == 1)
    }

    @Test("a message is delivered again only after it is forgotten, without a timer")
    func seenExpires() throws {
        var bench = try bench()
        let copy = frame(messages: [try MessageSigning.unsigned(topic, message).bytes])
        let peer = try peerID(1)
        #expect(bench(.received(from: peer, copy)).delivered.count == 1)
        _ = bench.run(.seconds(119))
        #expect(bench.router.nextDeadline == nil)
        #expect(bench(.received(from: peer, copy)).isEmpty)
        #expect(bench(.publish(topic, message)) == [.refused(.duplicate(topic))])
        _ = bench.run(.seconds(1))
        #expect(bench(.received(from: peer, copy)).delivered.count == 1)
    }
}
