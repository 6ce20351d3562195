import IPAddresses
import Multiformats
import Testing
import Timeline

@testable import GossipSub

@Suite("Peer exchange")
struct PeerExchangeTests {
    private func bench(_ change: (inout GossipSubConfiguration) -> Void = { _ in }) throws -> Bench {
        var configuration = GossipSubConfiguration()
        configuration.exchangesPeers = true
        change(&configuration)
        var bench = try Bench(configuration)
        _ = bench(.subscribe(topic, unsigned))
        return bench
    }

    /// A mesh that takes nobody else: 12 inbound peers have grafted us.
    private func fill(_ bench: inout Bench, certified: Int = 12) throws -> [PeerID] {
        try (1...12).map { index in
            let peer = try peerID(index)
            _ = bench.join(peer)
            _ = bench.graft(peer)
            if index <= certified { _ = bench(.certified(peer, signedPeerRecord: try sealedRecord(index))) }
            return peer
        }
    }

    private func suggestions(_ actions: [GossipSubAction], to peer: PeerID) -> [PeerSuggestion]? {
        actions.control(to: peer).compactMap { if case .prune(_, _, let suggestions) = $0 { suggestions } else { nil } }.first
    }

    private func prune(_ suggestions: [PeerSuggestion]) -> [UInt8] {
        frame(control: [.prune(topic, backoffSeconds: 60, suggestions: suggestions)])
    }

    // MARK: Ours

    @Test("who finds the mesh full is told of others, those with a record first")
    func suggests() throws {
        var bench = try bench { $0.maximumExchangedPeers = 10 }
        let members = try fill(&bench, certified: 8)
        let late = try peerID(20)
        _ = bench.join(late)
        let told = try #require(suggestions(bench.graft(late), to: late))
        #expect(told.count == 10)
        #expect(Set(told.prefix(8).map(\.peer)) == Set(members.prefix(8)))
        for suggestion in told.prefix(8) { #expect(try PeerRecord.open(suggestion.record ?? []).peerID == suggestion.peer) }
        #expect(told.suffix(2).allSatisfy { $0.record == nil && members.contains($0.peer) })
    }

    @Test("who is pruned by the heartbeat, or because we leave, is told too")
    func suggestsOnPrune() throws {
        var bench = try bench { ($0.meshDegreeHigh, $0.meshOutboundMinimum) = (12, 0) }
        let members = try fill(&bench)
        let outbound = try peerID(20)
        _ = bench.join(outbound, isOutbound: true)
        _ = bench.graft(outbound)
        let actions = bench.run(.seconds(1))
        let pruned = (members + [outbound]).filter { suggestions(actions, to: $0) != nil }
        #expect(pruned.count == 7)
        for peer in pruned {
            let told = suggestions(actions, to: peer) ?? []
            #expect(told.count == 12 && !told.contains { $0.peer == peer })
        }
        let left = bench(.unsubscribe(topic))
        #expect(bench.router.topics.isEmpty)
        #expect(members.contains { suggestions(left, to: $0)?.count == 12 })
    }

    @Test("who grafts during a back-off, or speaks version 1.0, is told of nobody; nor is anybody without peer exchange")
    func tellsNot() throws {
        var bench = try bench()
        _ = try fill(&bench)
        let (early, old) = (try peerID(20), try peerID(21))
        _ = bench.join(early)
        _ = bench(.received(from: early, frame(control: [.prune(topic, backoffSeconds: 60)])))
        #expect(suggestions(bench.graft(early), to: early) == [])
        _ = bench.join(old, .v1_0)
        #expect(bench.graft(old).control(to: old) == [.prune(topic, backoffSeconds: nil)])
        var without = try self.bench { $0.exchangesPeers = false }
        _ = try fill(&without)
        #expect(without.router.records.count == 0)
        _ = without.join(early)
        #expect(suggestions(without.graft(early), to: early) == [])
    }

    @Test("a record counts if its peer signed it, it is not too long, and not older than the one that is known")
    func records() throws {
        var bench = try bench { $0.maximumPeerRecordBytes = 300 }
        let peer = try peerID(1)
        _ = bench.join(peer)
        func keep(_ sealed: [UInt8]) -> [UInt8]? {
            _ = bench(.certified(peer, signedPeerRecord: sealed))
            return bench.router.records[peer]
        }
        let (first, second) = (try sealedRecord(1, sequence: 1), try sealedRecord(1, sequence: 2))
        var forged = second
        forged[forged.count - 1] ^= 1
        #expect(try keep([]) == nil && keep(forged) == nil && keep(sealedRecord(2)) == nil)
        #expect(keep(try sealedRecord(1, addresses: 30)) == nil, "too long")
        #expect(keep(second) == second && keep(first) == second)
        _ = bench(.peerDisconnected(peer))
        #expect(bench.router.records.count == 0)
    }

    @Test("records kept: no more than peers")
    func recordCount() throws {
        var book = PeerRecordBook(maximumCount: 2, maximumBytes: 4_096)
        for index in 1...3 { book.keep(try sealedRecord(index), of: try peerID(index)) }
        #expect(book.count == 2)
        book.keep(try sealedRecord(1, sequence: 9), of: try peerID(1))
        #expect(try book[peerID(1)] == sealedRecord(1, sequence: 9))
    }

    @Test("bytes of one exchange: further peers are not named, and a frame is never longer than the limit")
    func exchangeBytes() throws {
        let size = try sealedRecord(1).count
        var bench = try bench {
            $0.maximumExchangeBytes = 3 * (size + 64)
            $0.maximumRPCBytes = 1_000_000
        }
        _ = try fill(&bench)
        let late = try peerID(20)
        _ = bench.join(late)
        #expect(suggestions(bench.graft(late), to: late)?.count == 3)
        var narrow = try self.bench { ($0.maximumRPCBytes, $0.maximumMessageBytes) = (1_000, 900) }
        _ = try fill(&narrow)
        _ = narrow.join(late)
        let actions = narrow.graft(late)
        #expect(suggestions(actions, to: late).map { (1...3).contains($0.count) } == true)
        for case .send(_, let frame) in actions { #expect(frame.count <= 1_000) }
    }

    // MARK: Theirs

    @Test("suggested peers go to the owner: not ourselves, not those that are connected, not those without a record")
    func taken() throws {
        var bench = try bench()
        let peer = try peerID(1)
        for index in 1...2 { _ = bench.join(try peerID(index)) }
        let bare = PeerSuggestion(peer: try peerID(31), record: nil)
        let actions = bench(
            .received(from: peer, prune([try suggestion(0), try suggestion(2), bare, try suggestion(30), try suggestion(32)])))
        #expect(actions.suggested == [try peerID(30), try peerID(32)])
        #expect(actions.dropReasons.isEmpty)
        #expect(!bench.mesh.contains(peer))
        guard case .connect(let records) = actions.first(where: { if case .connect = $0 { true } else { false } }) else { return }
        #expect(records.map(\.addresses) == [[try Multiaddr("/ip4/10.0.0.1/tcp/1")], [try Multiaddr("/ip4/10.0.0.1/tcp/1")]])
    }

    @Test("a record that is forged, of another peer, too long or none at all is told, and the others are taken")
    func forged() throws {
        var bench = try bench { $0.maximumPeerRecordBytes = 300 }
        let peer = try peerID(1)
        _ = bench.join(peer)
        var spoilt = try sealedRecord(30)
        spoilt[spoilt.count - 1] ^= 1
        let another = PeerSuggestion(peer: try peerID(30), record: try sealedRecord(31))
        let bad = [
            PeerSuggestion(peer: try peerID(30), record: spoilt), another, PeerSuggestion(peer: try peerID(30), record: [1, 2, 3]),
            try suggestion(30, addresses: 30),
        ]
        for one in bad {
            bench.now = bench.now + .seconds(1)
            let actions = bench(.received(from: peer, prune([one, try suggestion(32)])))
            #expect(actions.dropReasons == [.invalidPeerRecord])
            #expect(actions.suggested == [try peerID(32)])
        }
    }

    @Test("suggestions in one PRUNE, and in one heartbeat interval: further ones are ignored")
    func limits() throws {
        var bench = try bench { $0.maximumExchangedPeers = 4 }
        let peer = try peerID(1)
        _ = bench.join(peer)
        let many = bench(.received(from: peer, prune(try (30..<36).map { try suggestion($0) })))
        #expect(try many.suggested == (30..<34).map { try peerID($0) })
        #expect(many.dropReasons == [.tooManySuggestions])
        let more = prune([try suggestion(40)])
        #expect(bench(.received(from: peer, more)) == [.dropped(from: peer, reason: .tooManySuggestions)])
        bench.now = bench.now + .seconds(1)
        #expect(bench(.received(from: peer, more)).suggested == [try peerID(40)])
    }

    @Test("without peer exchange, and on a topic that we have not joined, suggestions are passed over")
    func passedOver() throws {
        var bench = try bench { $0.exchangesPeers = false }
        let peer = try peerID(1)
        _ = bench.join(peer)
        #expect(bench(.received(from: peer, prune([PeerSuggestion(peer: peer, record: [1])]))).isEmpty)
        var joined = try self.bench()
        _ = joined.join(peer)
        let foreign = ControlEntry.prune(Topic("other"), backoffSeconds: 1, suggestions: [try suggestion(30)])
        #expect(joined(.received(from: peer, frame(control: [foreign]))).isEmpty)
    }

    @Test("the bytes on the wire")
    func bytes() throws {
        let peer = try peerID(1)
        let entry = ControlEntry.prune(Topic("a"), backoffSeconds: 60, suggestions: [PeerSuggestion(peer: peer, record: [9])])
        let info = [0x0a, UInt8(peer.bytes.count)] + peer.bytes + [0x12, 1, 9]
        let body: [UInt8] = [0x0a, 1, 0x61, 0x12, UInt8(info.count)] + info + [0x18, 60]
        #expect(frame(control: [entry]) == [0x1a, UInt8(body.count + 2), 0x22, UInt8(body.count)] + body)
        var configuration = GossipSubConfiguration()
        configuration.exchangesPeers = true
        #expect(try RPCCodec.decode(frame(control: [entry]), configuration).control == [entry])
    }
}
