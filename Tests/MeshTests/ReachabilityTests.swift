import Multiformats
import Testing
import Timeline
import WeftTestKit

@testable import Mesh

/// Who is said to be unreachable, and how that is put right.
@Suite struct ReachabilityTests {
    private func mesh(_ count: Int, _ links: [(Int, Int)]) throws -> InMemoryMesh {
        var mesh = InMemoryMesh(seed: testSeed("ReachabilityTests"))
        for number in 0..<count { try mesh.add(controlPlane(number), identity: number) }
        for (one, other) in links { mesh.connect(one, other) }
        mesh.settle()
        return mesh
    }

    private func whoSaysUnreachable(_ mesh: InMemoryMesh, _ node: Int) -> [Int] {
        mesh.nodes.indices.filter { mesh.nodes[$0].membership[mesh.peers[node]]?.isReportedUnreachable ?? false }
    }

    @Test func aLostNodeIsKnownToAllAndNotForgotten() throws {
        var mesh = try mesh(5, [(0, 1), (1, 2), (2, 3), (3, 4)])
        mesh.disconnect(3, 4)
        mesh.handle(.peerUnreachable(mesh.peers[4]), at: 3)
        mesh.settle()
        #expect(whoSaysUnreachable(mesh, 4) == [0, 1, 2, 3])
        #expect(mesh.nodes[0].membership.live.count == 5)
    }

    /// It hears of it when it meets anybody again, and its next record clears it everywhere.
    @Test func whoComesBackSaysSo() throws {
        var mesh = try mesh(5, [(0, 1), (1, 2), (2, 3), (3, 4)])
        mesh.disconnect(3, 4)
        mesh.handle(.peerUnreachable(mesh.peers[4]), at: 3)
        mesh.settle()
        mesh.connect(0, 4)
        mesh.settle()
        #expect(whoSaysUnreachable(mesh, 4).isEmpty)
    }

    @Test func bothSidesOfAPartitionComeBack() throws {
        var mesh = try mesh(6, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)])
        mesh.disconnect(2, 3)
        mesh.handle(.peerUnreachable(mesh.peers[3]), at: 2)
        mesh.handle(.peerUnreachable(mesh.peers[2]), at: 3)
        mesh.settle()
        #expect(whoSaysUnreachable(mesh, 3) == [0, 1, 2] && whoSaysUnreachable(mesh, 2) == [3, 4, 5])
        mesh.connect(0, 5)
        mesh.pass(.seconds(60))
        #expect(whoSaysUnreachable(mesh, 3).isEmpty && whoSaysUnreachable(mesh, 2).isEmpty)
    }

    /// As many are lost on either side, and none of them may hide another one: neither in what is compared first, which is the digest of
    /// everything, nor in that of a part.
    @Test func halvesOfATenComeBackByOneConnection() throws {
        let sides = [0..<10, 10..<20]
        var mesh = try mesh(20, sides.flatMap { side in side.flatMap { one in side.filter { $0 > one }.map { (one, $0) } } } + [(0, 10)])
        mesh.disconnect(0, 10)
        for (side, others) in zip(sides, sides.reversed()) {
            for lost in others { mesh.handle(.peerUnreachable(mesh.peers[lost]), at: side.lowerBound) }
        }
        mesh.settle()
        #expect(sides.reversed().joined().map { whoSaysUnreachable(mesh, $0).count } == [Int](repeating: 10, count: 20))
        mesh.connect(9, 19)
        mesh.settle()
        #expect(mesh.nodes.indices.filter { !whoSaysUnreachable(mesh, $0).isEmpty } == [])
    }

    /// Without a word of gossip, by comparing alone.
    @Test func whoJoinsLateLearnsIt() throws {
        var mesh = try mesh(4, [(0, 1), (1, 2)])
        mesh.handle(.peerUnreachable(mesh.peers[2]), at: 1)
        mesh.disconnect(1, 2)
        mesh.settle()
        mesh.gossipLossPercent = 100
        mesh.connect(0, 3)
        mesh.settle()
        #expect(whoSaysUnreachable(mesh, 2) == [0, 1, 3])
        #expect(
            Set(mesh.nodes[0...1].map { $0.membership.tree.digest(of: .all) } + [mesh.nodes[3].membership.tree.digest(of: .all)]).count == 1
        )
    }

    @Test func whoStopsSaysSo() throws {
        var mesh = try mesh(3, [(0, 1), (1, 2)])
        mesh.handle(.stop, at: 2)
        mesh.settle()
        #expect(whoSaysUnreachable(mesh, 2) == [0, 1])
    }

    /// Each report costs all nodes a message, and so does each answer to it.
    @Test func liesAreAnsweredSeldom() throws {
        var plane = try controlPlane(0)
        var published = 0
        _ = plane.handle(.started, now: .origin, wallClockMillis: 1)
        for second in 0..<60 {
            let sequence = try #require(plane.membership.own?.record.sequence)
            let report = Announcement.unreachable(UnreachableReport(peer: try identity(0).peerID, sequence: sequence)).encoded
            let now = Instant.origin + .seconds(second)
            for input in [ControlPlane.Input.gossip(from: try identity(1).peerID, report), .deadlineReached] {
                published += plane.handle(input, now: now, wallClockMillis: 1).count { if case .publish = $0 { true } else { false } }
            }
        }
        #expect(published == 6)
    }

    /// It has the number of a copied machine's record, which the others hold for ours.
    @Test(arguments: [(1_000_000, true), (RecordLimits.maximumUnprovenSequence, true), (RecordLimits.maximumUnprovenSequence + 1, false)])
    func aReportOnALaterRecordOfOursIsOutdone(sequence: UInt64, isBelieved: Bool) throws {
        var plane = try controlPlane(0)
        _ = plane.handle(.started, now: .origin, wallClockMillis: 1)
        let report = Announcement.unreachable(UnreachableReport(peer: try identity(0).peerID, sequence: sequence)).encoded
        let actions = plane.handle(.gossip(from: try identity(1).peerID, report), now: .origin, wallClockMillis: 1)
        #expect(actions.contains { if case .publish = $0 { true } else { false } } == isBelieved)
        #expect((try #require(plane.membership.own).record.sequence > sequence) == isBelieved)
    }

    @Test func whatIsNotNewsIsNotPassedOn() throws {
        var plane = try controlPlane(0)
        let partner = try identity(1).peerID
        _ = plane.handle(.started, now: .origin, wallClockMillis: 1)
        let member = try record(2)
        func verdict(_ announcement: Announcement) -> ControlPlane.Action? {
            plane.handle(.gossip(from: partner, announcement.encoded), now: .origin, wallClockMillis: 1).first
        }
        let report = Announcement.unreachable(UnreachableReport(peer: member.record.peer, sequence: member.record.sequence))
        #expect(verdict(report) == .gossipVerdict(.ignore), "nobody that we know")
        _ = verdict(.record(AgedRecord(member, age: .zero)))
        #expect(verdict(report) == .gossipVerdict(.accept))
        #expect(verdict(report) == .gossipVerdict(.ignore), "known")
        let older = Announcement.unreachable(UnreachableReport(peer: member.record.peer, sequence: member.record.sequence &+ 1))
        #expect(verdict(older) == .gossipVerdict(.ignore), "another record")
    }
}
