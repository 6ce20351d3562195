import Multiformats
import Testing
import Timeline

@testable import GossipSub

@Suite("Mesh")
struct MeshTests {
    private func bench(_ configuration: GossipSubConfiguration = GossipSubConfiguration()) throws -> Bench {
        var bench = try Bench(configuration)
        _ = bench(.subscribe(topic, unsigned))
        return bench
    }

    @Test("the first frame carries all subscriptions, also when there are none")
    func hello() throws {
        var idle = try Bench()
        let peer = try peerID(1)
        #expect(idle(.peerConnected(peer, .v1_1, isOutbound: true)) == [.send(to: peer, [])])
        var bench = try bench()
        _ = bench(.subscribe(Topic("a"), signed))
        let rpcs = bench(.peerConnected(peer, .v1_1, isOutbound: true)).rpcs(to: peer)
        #expect(rpcs.map { $0.subscriptions.map(\.topic) } == [[Topic("a"), topic]])
    }

    @Test("a reopened stream gets the subscriptions and the GRAFT again")
    func reopened() throws {
        var bench = try bench()
        let peer = try peerID(1)
        _ = bench.join(peer)
        let rpcs = bench(.peerConnected(peer, .v1_1, isOutbound: true)).rpcs(to: peer)
        #expect(rpcs.flatMap(\.subscriptions).count == 1)
        #expect(rpcs.flatMap(\.control) == [.graft(topic)])
        #expect(bench.mesh == [peer])
    }

    @Test("a frame may come before we can send; nothing is sent until then")
    func earlyFrame() throws {
        var bench = try bench()
        let peer = try peerID(1)
        #expect(bench(.received(from: peer, frame(subscribe: [topic]))).isEmpty)
        #expect(bench(.publish(topic, [1])).isEmpty)
        let actions = bench(.peerConnected(peer, .v1_1, isOutbound: false))
        #expect(actions.rpcs(to: peer).count == 1)
        #expect(actions.control(to: peer).contains(.graft(topic)))
    }

    @Test("a subscription is answered with GRAFT at once, and a message published then reaches the peer")
    func graftsAtOnce() throws {
        var bench = try bench()
        let peer = try peerID(1)
        #expect(bench.join(peer).control(to: peer) == [.graft(topic)])
        #expect(bench(.publish(topic, [1])).messages(to: peer).count == 1)
    }

    @Test("no GRAFT answers a GRAFT, and none goes beyond the mesh's degree")
    func graftsUpToDegree() throws {
        var bench = try bench()
        let first = try peerID(1)
        _ = bench(.peerConnected(first, .v1_1, isOutbound: false))
        let both = frame(subscribe: [topic], control: [.graft(topic)])
        #expect(bench(.received(from: first, both)).isEmpty)
        for index in 2...10 { _ = bench.join(try peerID(index), isOutbound: true) }
        #expect(bench.mesh.count == 6)
    }

    @Test("joining grafts the subscribers that are known, after telling the subscription")
    func joining() throws {
        var bench = try Bench()
        let peers = try (1...8).map { try peerID($0) }
        for peer in peers { _ = bench.join(peer) }
        let actions = bench(.subscribe(topic, unsigned))
        #expect(bench.mesh.count == 6)
        for peer in peers {
            let rpcs = actions.rpcs(to: peer)
            #expect(rpcs.count == 1)
            #expect(rpcs[0].subscriptions == [Subscription(topic: topic, isSubscribed: true)])
            #expect(rpcs[0].control == (bench.mesh.contains(peer) ? [.graft(topic)] : []))
        }
    }

    @Test("leaving prunes with the short back-off, and version 1.0 without any")
    func leaving() throws {
        var bench = try bench()
        let new = try peerID(1)
        let old = try peerID(2)
        _ = bench.join(new)
        _ = bench.join(old, .v1_0)
        let actions = bench(.unsubscribe(topic))
        #expect(actions.control(to: new) == [.prune(topic, backoffSeconds: 10)])
        #expect(actions.control(to: old) == [.prune(topic, backoffSeconds: nil)])
        #expect(actions.rpcs(to: new)[0].subscriptions == [Subscription(topic: topic, isSubscribed: false)])
        // Joining again: nobody is grafted before the back-off and its slack are over, then at once.
        _ = bench(.subscribe(topic, unsigned))
        #expect(bench.mesh.isEmpty)
        #expect(bench.router.nextDeadline == bench.now + .seconds(12))
        let later = bench.run(.seconds(12))
        #expect(later.control(to: new) == [.graft(topic)])
        #expect(bench.mesh == [new, old])
        #expect(bench.router.nextDeadline == nil)
    }

    @Test("GRAFT in a back-off is pruned, extends it, and is told", arguments: [nil, 30] as [UInt64?])
    func graftDuringBackoff(seconds: UInt64?) throws {
        var bench = try bench()
        let peer = try peerID(1)
        _ = bench.join(peer)
        #expect(bench(.received(from: peer, frame(control: [.prune(topic, backoffSeconds: seconds)]))).isEmpty)
        #expect(bench.mesh.isEmpty)
        let length = Duration.seconds(Int64(seconds ?? 60))
        #expect(bench.router.nextDeadline == bench.now + length + .seconds(2))
        _ = bench.run(length - .seconds(1))
        let early = bench.graft(peer)
        #expect(early.dropReasons == [.graftDuringBackoff])
        #expect(early.control(to: peer) == [.prune(topic, backoffSeconds: 60)])
        _ = bench.run(.seconds(60))
        #expect(bench.mesh.isEmpty)
        #expect(bench.graft(peer).isEmpty)
        #expect(bench.mesh == [peer])
    }

    @Test("a back-off outlives the connection, and is no longer than the limit")
    func backoffOutlives() throws {
        var bench = try bench()
        let peer = try peerID(1)
        _ = bench.join(peer)
        _ = bench(.received(from: peer, frame(control: [.prune(topic, backoffSeconds: .max)])))
        _ = bench(.peerDisconnected(peer))
        #expect(bench.router.nextDeadline == nil)
        #expect(bench.join(peer).control(to: peer).isEmpty)
        #expect(bench.router.nextDeadline == bench.now + .seconds(3_602))
        // Our own messages still go to it directly.
        #expect(bench(.publish(topic, [1])).messages(to: peer).count == 1)
    }

    @Test("a full mesh takes outbound peers only; the heartbeat then prunes to the degree and keeps enough outbound ones")
    func fullMesh() throws {
        var bench = try bench()
        for index in 1...12 {
            let peer = try peerID(index)
            _ = bench.join(peer)
            _ = bench.graft(peer)
        }
        #expect(bench.mesh.count == 12)
        let inbound = try peerID(20)
        _ = bench.join(inbound)
        #expect(bench.graft(inbound).control(to: inbound) == [.prune(topic, backoffSeconds: 60)])
        #expect(bench.router.nextDeadline == nil)
        let outbound = try [peerID(21), peerID(22)]
        for peer in outbound {
            _ = bench.join(peer, isOutbound: true)
            _ = bench.graft(peer)
        }
        #expect(bench.mesh.count == 14)
        let actions = bench.run(.seconds(3))
        #expect(bench.mesh.count == 6)
        #expect(bench.mesh.isSuperset(of: outbound))
        #expect(actions.recipients.count == 8)
        #expect(bench.router.nextDeadline == nil)
    }

    @Test("a mesh without outbound peers grafts some")
    func outboundQuota() throws {
        var bench = try bench()
        for index in 1...6 { _ = bench.join(try peerID(index)) }
        for index in 11...14 { _ = bench.join(try peerID(index), isOutbound: true) }
        _ = bench.run(.seconds(3))
        let outbound = Set(try (11...14).map { try peerID($0) })
        #expect(bench.mesh.count == 8)
        #expect(bench.mesh.intersection(outbound).count == 2)
        #expect(bench.router.nextDeadline == nil)
    }

    @Test("a mesh that shrank below D_lo is filled by a heartbeat soon after")
    func refill() throws {
        var bench = try bench()
        for index in 1...9 { _ = bench.join(try peerID(index), isOutbound: true) }
        let lost = Array(bench.mesh.sorted().prefix(2))
        _ = bench(.peerDisconnected(lost[0]))
        #expect(bench.router.nextDeadline == nil)
        _ = bench(.received(from: lost[1], frame(unsubscribe: [topic])))
        #expect(bench.router.nextDeadline == bench.now + .milliseconds(100))
        _ = bench.run(.milliseconds(100))
        #expect(bench.mesh.count == 6)
        #expect(bench.mesh.isDisjoint(with: lost))
    }

    @Test("GRAFT is ignored for topics that we have not joined, and refused from non-subscribers and floodsub peers")
    func strangeGrafts() throws {
        var bench = try bench()
        let peer = try peerID(1)
        _ = bench(.peerConnected(peer, .v1_1, isOutbound: false))
        #expect(bench(.received(from: peer, frame(control: [.graft(Topic("other"))]))).isEmpty)
        #expect(bench.graft(peer).dropReasons == [.graftWithoutSubscription])
        let flood = try peerID(2)
        #expect(bench.join(flood, .floodsub).control(to: flood).isEmpty)
        #expect(bench.graft(flood).dropReasons == [.graftWithoutSubscription])
        #expect(bench.mesh.isEmpty)
    }

    @Test("floodsub peers get every message; neither sender nor author get theirs back")
    func flooding() throws {
        var bench = try bench()
        _ = bench(.subscribe(topic, signed))
        let flood = try peerID(1)
        let sender = try peerID(2)
        let author = try peerID(3)
        _ = bench.join(flood, .floodsub)
        _ = bench.join(sender)
        _ = bench.join(author)
        #expect(bench(.publish(topic, [1])).recipients == [flood, sender, author])
        let message = try MessageSigning.signed(topic, [2], sequence: 1, by: try identity(3)).bytes
        #expect(bench(.received(from: sender, frame(messages: [message]))).recipients == [flood])
        #expect(bench(.received(from: flood, frame(messages: [message]))).isEmpty)
    }

    @Test("publishing without joining uses the same peers for a while, and joining grafts them first")
    func fanout() throws {
        var bench = try Bench()
        let peers = try (1...20).map { try peerID($0) }
        for peer in peers { _ = bench.join(peer) }
        let chosen = bench(.publish(topic, [1])).recipients
        #expect(chosen.count == 6)
        _ = bench.run(.seconds(59))
        #expect(bench(.publish(topic, [2])).recipients == chosen)
        _ = bench(.subscribe(topic, signed))
        #expect(bench.mesh == chosen)
        #expect(bench.router.fanout.isEmpty)
    }

    @Test("a fanout that is not used is forgotten without waking up for it")
    func fanoutExpires() throws {
        var bench = try Bench()
        for index in 1...20 { _ = bench.join(try peerID(index)) }
        _ = bench(.publish(topic, [1]))
        _ = bench.run(.seconds(10))
        #expect(bench.router.nextDeadline == nil)
        bench.now = bench.now + .seconds(120)
        _ = bench(.publish(Topic("other"), [1]))
        _ = bench.run(.seconds(1))
        #expect(bench.router.fanout.keys.map(\.name) == ["other"])
    }
}
