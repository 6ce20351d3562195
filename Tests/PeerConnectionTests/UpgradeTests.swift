import Multiformats
import SecureChannel
import Testing
import Timeline

@testable import PeerConnection

@Suite struct UpgradeTests {
    @Test(arguments: [7, nil] as [UInt8?], [1, 7, .max])
    func `two machines connect and describe themselves`(key: UInt8?, chunk: Int) throws {
        var (dialing, listening) = (Setup.dialer, Setup.listener)
        dialing.key = key.flatMap(networkKey)
        listening.key = dialing.key
        dialing.expectedPeer = try identity(2).peerID
        var pair = try Pair(dialing, listening, chunk: chunk)
        pair.settle()
        for (end, other) in [(pair.dialer, UInt8(2)), (pair.listener, UInt8(1))] {
            #expect(end.news.established == [try identity(other).peerID])
            #expect(end.machine.remotePeer == (try identity(other).peerID))
            #expect(end.news.canSend(gossip) == ["/gossip/2"])
            #expect(end.news.canSend(sync).isEmpty, "opened with the first frame")
            let description = try #require(end.news.descriptions.first)
            #expect(description.agentVersion == "weft/\(other)")
            #expect(description.listenAddresses == [loopback(UInt16(other))])
            #expect(description.observedAddress == loopback(9_000 + UInt16(other)))
            #expect(
                description.protocols == ["/ipfs/id/1.0.0", "/ipfs/id/push/1.0.0", "/ipfs/ping/1.0.0", "/gossip/2", "/gossip/1", "/sync/1"])
            #expect(end.machine.open?.streams.count == 2, "gossip, ours and theirs; identify is over")
            #expect(end.machine.nextDeadline == nil, "a connection at rest does not wake up")
        }
    }

    @Test(arguments: [[Upgrade.yamux], [], ["/mplex/6.7.0"]], [PeerConnection.Role.dialer, .listener])
    func `the multiplexer is agreed on early, or by multistream`(muxers: [String], role: PeerConnection.Role) throws {
        var bench = try Bench(role, muxers: muxers)
        #expect(bench.news.established == [try identity(99).peerID])
        #expect(bench.inbound.count == 2)
        let ping = try bench.open(PingProtocol.id)
        try bench.play(.write(ping, [UInt8](repeating: 7, count: 32)))
        #expect(bench.answer(on: ping, after: PingProtocol.id) == [UInt8](repeating: 7, count: 32))
    }

    @Test func `another secret`() throws {
        var listening = Setup.listener
        listening.key = networkKey(8)
        var pair = try Pair(.dialer, listening)
        pair.settle()
        #expect(pair.dialer.news.failure == .otherNetwork)
        #expect(pair.listener.news.failure == .otherNetwork)
        #expect(pair.dialer.machine.nextDeadline == nil)
    }

    @Test func `a secret on one side only`() throws {
        var open = Setup.listener
        open.key = nil
        var pair = try Pair(.dialer, open)
        pair.settle()
        #expect(pair.listener.news.failure == .otherNetwork)
        #expect(pair.dialer.news.established.isEmpty)
    }

    @Test func `another peer than expected`() throws {
        var dialing = Setup.dialer
        dialing.expectedPeer = try identity(3).peerID
        var pair = try Pair(dialing)
        pair.settle()
        #expect(pair.dialer.news.failure == .unexpectedPeer(expected: try identity(3).peerID, found: try identity(2).peerID))
        #expect(pair.dialer.news.established.isEmpty && pair.listener.news.established.isEmpty)
    }

    @Test func `nobody answers`() throws {
        var machine = try Setup.dialer.machine(.dialer)
        _ = machine.start()
        let deadline = Instant.origin + ConnectionLimits().upgradeTimeout
        #expect(machine.nextDeadline == deadline)
        #expect(machine.handle(.deadlineReached, now: deadline - .nanoseconds(1)).failure == nil)
        #expect(machine.handle(.deadlineReached, now: deadline).failure == .upgradeTimedOut)
        #expect(machine.nextDeadline == nil)
        #expect(machine.handle(.received([1, 2, 3]), now: deadline).isEmpty, "nothing follows the end")
    }

    @Test func `a peer that drips does not gain time`() throws {
        var machine = try Setup.listener.machine(.listener)
        _ = machine.start()
        _ = machine.handle(.received([1]), now: .origin + .seconds(14))
        #expect(machine.nextDeadline == .origin + ConnectionLimits().upgradeTimeout)
    }

    @Test(arguments: ["GET / HTTP/1.1\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "\u{13}/multistream/2.0.0\n"])
    func `something else is at that port`(greeting: String) throws {
        var setup = Setup.dialer
        setup.key = nil
        var machine = try setup.machine(.dialer)
        _ = machine.start()
        #expect(machine.handle(.received(Array(greeting.utf8)), now: .origin).failure == .otherNetwork)
    }

    @Test func `a peer without noise`() throws {
        var setup = Setup.dialer
        setup.key = nil
        var dialer = try setup.machine(.dialer)
        _ = dialer.start()
        let refusal = line("/multistream/1.0.0") + line("na")
        #expect(dialer.handle(.received(refusal), now: .origin).failure == .noCommonProtocol(layer: "security"))
        var listener = try setup.machine(.listener)
        _ = listener.start()
        _ = listener.handle(.received(line("/multistream/1.0.0")), now: .origin)
        var failure: ConnectionFailure?
        for _ in 0...MultistreamNegotiation.maximumProposalCount where failure == nil {
            failure = listener.handle(.received(line("/tls/1.0.0")), now: .origin).failure
        }
        #expect(failure == .noCommonProtocol(layer: "security"))
    }

    @Test func `what is said before the connection stands is dropped`() throws {
        var pair = try Pair()
        let early: [PeerConnection.Input] = [
            .send(gossip, frame: [1]), .describe(listenAddresses: [loopback(5)]), .transportWritable(false), .transportWritable(true),
            .goAway,
        ]
        for input in early { #expect(pair.dialer.machine.handle(input, now: .origin).isEmpty) }
        pair.settle()
        #expect(pair.listener.news.messages(gossip).isEmpty)
        #expect(pair.listener.news.descriptions.first?.listenAddresses == [loopback(5)])
    }

    @Test func `good-bye`() throws {
        var pair = try Pair.established()
        pair.give(.goAway, to: \.dialer)
        #expect(pair.dialer.news.failure == nil, "streams stand")
        pair.give(.send(sync, frame: [1]), to: \.listener)
        #expect(pair.dialer.news.messages(sync).isEmpty, "no new streams")
        pair.give(.send(gossip, frame: [1]), to: \.listener)
        #expect(pair.dialer.news.messages(gossip) == [[1]])
    }
}
