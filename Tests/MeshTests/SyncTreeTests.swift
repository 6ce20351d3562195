import Multiformats
import Testing
import WeftTestKit

@testable import Mesh

@Suite struct SyncTreeTests {
    private let model: NodeRecord

    init() throws {
        model = try record(1).record
    }

    /// Ids that no key belongs to: making keys would take the time.
    private func peers(_ count: Int, _ generator: inout SeededGenerator) throws -> [PeerID] {
        try (0..<count).map { _ in try PeerID(bytes: [0x12, 0x20] + generator.bytes(32)) }
    }

    private func sealed(_ peer: PeerID, _ sequence: UInt64) throws -> SealedRecord {
        var copy = model
        copy.peer = peer
        copy.sequence = sequence
        return SealedRecord(unchecked: copy)
    }

    @Test func agreesWithASlowModelWhateverTheOrder() throws {
        var generator = SeededGenerator(seed: testSeed("agreesWithASlowModelWhateverTheOrder"))
        let peers = try peers(400, &generator)
        var tree = SyncTree()
        var model: [PeerID: SyncTree.Entry] = [:]
        for step in 0..<6000 {
            let peer = peers[Int.random(in: 0..<400, using: &generator)]
            if Int.random(in: 0..<6000, using: &generator) < step {  // first it grows, then it shrinks
                tree.remove(peer)
                model[peer] = nil
            } else {
                let sealed = try sealed(peer, .random(in: 0...3, using: &generator))
                let entry = [.held(sealed), .reported(sealed), SyncTree.Entry.ended(peer)][Int.random(in: 0..<3, using: &generator)]
                tree.set(entry)
                model[peer] = entry
            }
            let depth = Int.random(in: 0...5, using: &generator)
            let key = SyncKey(peers[Int.random(in: 0..<400, using: &generator)])
            let range = try #require(SyncRange(prefix: depth == 0 ? 0 : key.bits >> (64 - 4 * depth), depth: depth))
            try expect(tree, in: range, toBe: model)
        }
        for peer in peers { tree.remove(peer) }
        #expect(tree.count == 0 && tree.digest(of: .all) == 0)
    }

    private func expect(_ tree: SyncTree, in range: SyncRange, toBe model: [PeerID: SyncTree.Entry]) throws {
        let expected = model.filter { range.contains(SyncKey($0.key)) }
        #expect(tree.count == model.count)
        #expect(tree.count(in: range) == expected.count)
        #expect(tree.digest(of: range) == expected.values.reduce(0) { $0 &+ $1.stamp })
        #expect(Dictionary(uniqueKeysWithValues: tree.entries(in: range).map { ($0.peer, $0) }) == expected)
        #expect(range.parts.reduce(0) { $0 + tree.count(in: $1) } == expected.count)
    }

    @Test func rangesAreCutByTheDigitsOfKeys() throws {
        let range = try #require(SyncRange(prefix: 0xab, depth: 2))
        #expect(range.firstKey.bits == 0xab00_0000_0000_0000 && range.prefix == 0xab)
        #expect(range.contains(SyncKey(bits: 0xabff_ffff_ffff_ffff)) && !range.contains(SyncKey(bits: 0xac00_0000_0000_0000)))
        #expect(range.parts.count == 16 && range.parts[15].prefix == 0xabf)
        let single = SyncRange(SyncKey(bits: 7))
        #expect(single.parts.isEmpty && single.isSingle && single.contains(SyncKey(bits: 7)) && !single.contains(SyncKey(bits: 6)))
        #expect(SyncRange.all.contains(SyncKey(bits: .max)) && SyncRange.all.prefix == 0)
        #expect(SyncRange(prefix: 1, depth: 0) == nil && SyncRange(prefix: 0x100, depth: 2) == nil)
        #expect(SyncRange(prefix: 0, depth: 17) == nil && SyncRange(prefix: 0, depth: UInt32.max) == nil)
        #expect(SyncRange(prefix: .max, depth: 16)?.prefix == .max)
    }

    @Test func whoHasEndedMakesNoDifferenceButIsRemembered() throws {
        var generator = SeededGenerator(seed: 1)
        let peers = try peers(2, &generator)
        var tree = SyncTree()
        let first = try sealed(peers[0], 1)
        tree.set(.held(first))
        tree.set(.held(try sealed(peers[1], 1)))
        tree.set(.ended(peers[1]))
        #expect(tree.digest(of: .all) == first.stamp && tree.count == 2)
    }

    @Test func reportsOfDifferentMembersDoNotLookAlike() throws {
        let records = try [2, 3].map { try sealed(try identity($0).peerID, 1) }
        let trees = [0, 1].map { (reported: Int) -> SyncTree in
            var tree = SyncTree()
            for index in 0...1 { tree.set(index == reported ? .reported(records[index]) : .held(records[index])) }
            return tree
        }
        #expect(trees[0].digest(of: .all) != trees[1].digest(of: .all))
    }

    @Test func newsIsWhatIsNewerOrAClones() {
        func version(_ sequence: UInt64, _ check: UInt32) -> HeldVersion {
            HeldVersion(key: SyncKey(bits: 1), sequence: sequence, check: check)
        }
        #expect(version(1, 7).isNews(to: nil) && version(2, 7).isNews(to: version(1, 7)))
        #expect(version(1, 7).isNews(to: version(1, 8)) && version(2, 7).isNews(to: version(1, 0)))
        #expect(!version(1, 7).isNews(to: version(1, 7)) && !version(1, 7).isNews(to: version(2, 7)))
        #expect(!version(1, 7).isNews(to: version(1, 0)) && !version(2, 0).isNews(to: version(1, 7)) && !version(1, 0).isNews(to: nil))
    }
}
