import Multiformats
import Testing
import Timeline
import WeftTestKit

@testable import Mesh

/// What it costs two nodes to find out what one of them lacks.
@Suite struct SyncCostTests {
    @Test func equalNodesOfTenThousandTakeAFewBytes() throws {
        var generator = SeededGenerator(seed: testSeed("equalNodesOfTenThousandTakeAFewBytes"))
        var pair = try SyncPair(common: unsignedRecords(9_998, &generator))
        pair.introduce()
        pair.connect()
        print("equal nodes of 10,000: \(pair.comparedBytes) bytes in \(pair.messageCount) messages")
        #expect(pair.planes[0].membership.count == 10_000 && pair.comparedBytes <= 20 && pair.messageCount == 1)
    }

    /// Bytes but for the records that are exchanged.
    private func cost(of differences: Int, among count: Int, _ generator: inout SeededGenerator) throws -> SyncPair {
        var pair = try SyncPair(common: unsignedRecords(count - differences - 2, &generator))
        pair.introduce()
        for number in 0..<differences { pair.hold(try record(number + 2), at: number % 2) }
        pair.connect()
        #expect(pair.agrees && pair.planes[0].membership.count == count && pair.recordCount == differences)
        return pair
    }

    @Test(arguments: [1, 10, 50, 100]) func costGrowsWithTheDifferenceAndTheLogarithmOfTheSize(differences: Int) throws {
        var generator = SeededGenerator(seed: testSeed("costGrowsWithTheDifferenceAndTheLogarithmOfTheSize"))
        var costs: [Int] = []
        for (count, digits) in [(100, 2), (1000, 3), (10_000, 4)] where differences < count {
            let pair = try cost(of: differences, among: count, &generator)
            print("\(differences) of \(count): \(pair.comparedBytes) bytes, \(pair.messageCount) messages, \(pair.trips) trips")
            #expect(pair.comparedBytes <= 350 * digits * differences && pair.messageCount <= 2 * digits + 4)
            costs.append(pair.comparedBytes)
        }
        // No tenfold step in size costs a difference more than all digests on the way down one more level of the tree.
        for (smaller, larger) in zip(costs, costs.dropFirst()) { #expect(larger - smaller <= 400 * differences + 200) }
    }

    @Test func aMemberTakesLittleMemory() throws {
        #expect(MemoryLayout<SyncTree.Entry>.stride <= 32)
    }

    @Test(arguments: [60, 10_000]) func aJoinerGetsEverythingInOneRoundTrip(count: Int) throws {
        var generator = SeededGenerator(seed: 1)
        var (joiner, member) = (try controlPlane(0), try controlPlane(1))
        let (joinerID, memberID) = (try identity(0).peerID, try identity(1).peerID)
        for node in [0, 1] { _ = node == 0 ? joiner.started() : member.started() }
        for record in try unsignedRecords(count - 1, &generator) {
            member.membership.store(Membership.Member(sealed: record, issuedAt: .origin))
        }
        let question = joiner.handle(.peerConnected(memberID), now: .origin, wallClockMillis: 1)
        #expect(question.sync.count == 1)
        _ = member.handle(.peerConnected(joinerID), now: .origin, wallClockMillis: 1)
        let answer = member.handle(.syncMessage(from: joinerID, try #require(question.sync.first)), now: .origin, wallClockMillis: 1)
        let messages = try answer.sync.map { try #require(SyncMessage(decoding: $0)) }
        #expect(messages.flatMap(\.records).count == count)
        #expect(messages.first?.wanted == [SyncKey(joinerID)])
    }

    private func passUntilAllKnowAll(_ mesh: inout InMemoryMesh) -> Duration {
        let start = mesh.now
        while mesh.nodes.contains(where: { $0.membership.count < mesh.nodes.count }), mesh.now < start + .seconds(60) {
            mesh.pass(.milliseconds(10))
        }
        return mesh.now - start
    }

    /// Of each link, the nodes know nothing but that it stands. Sync bytes alone, records included.
    @Test(arguments: [0, 100]) func sixtyNodesStartAtOnce(gossipLossPercent: Int) throws {
        var mesh = InMemoryMesh(seed: testSeed("sixtyNodesStartAtOnce"))
        mesh.gossipLossPercent = gossipLossPercent
        mesh.frameTime = .microseconds(20)
        for number in 0..<60 { try mesh.add(controlPlane(number), identity: number) }
        let links = (0..<60).flatMap { node in (0..<4).map { _ in (node, Int.random(in: 0..<60, using: &mesh.generator)) } }
        for (one, other) in links.shuffled(using: &mesh.generator) {
            mesh.connect(one, other)
            mesh.pass(.milliseconds(2))
        }
        let settledIn = passUntilAllKnowAll(&mesh)
        mesh.pass(.seconds(5))
        for node in mesh.nodes { #expect(node.membership.live.count == 60) }
        let mean = mesh.syncBytes.reduce(0, +) / 60
        print(
            "start of 60, \(gossipLossPercent) % of gossip lost: mean \(mean), most \(mesh.syncBytes.max() ?? 0) bytes",
            "in \(mesh.syncMessages / 60) messages sent per node; all know all \(settledIn) after the last link")
        #expect(mean <= 40_000 && settledIn < .seconds(2))
        let atStart = mesh.syncBytes
        mesh.pass(.seconds(3600))
        let rest = zip(mesh.syncBytes, atStart).map { $0 - $1 }.reduce(0, +) / 60
        print("an hour of rest: \(rest) bytes per node")
        #expect(rest <= 3600)
    }
}

extension ControlPlane {
    fileprivate mutating func started() -> [Action] { handle(.started, now: .origin, wallClockMillis: 1) }
}

extension [ControlPlane.Action] {
    /// The sync messages among them.
    var sync: [[UInt8]] {
        compactMap { if case .sendSync(_, let bytes) = $0 { bytes } else { nil } }
    }
}
