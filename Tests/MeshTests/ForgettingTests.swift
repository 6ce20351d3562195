import Multiformats
import Testing
import Timeline
import WeftTestKit

@testable import Mesh

/// Members that are gone for good, by a person's word.
@Suite struct ForgettingTests {
    /// As many nodes in a chain, of which the last is lost, and has been for long enough.
    private func meshWithoutLast(_ count: Int, lossPercent: Int = 0) throws -> InMemoryMesh {
        var mesh = InMemoryMesh(seed: testSeed("ForgettingTests"))
        for number in 0..<count { try mesh.add(controlPlane(number), identity: number) }
        for node in 1..<count { mesh.connect(node - 1, node) }
        mesh.settle()
        mesh.disconnect(count - 2, count - 1)
        mesh.handle(.peerUnreachable(mesh.peers[count - 1]), at: count - 2)
        mesh.gossipLossPercent = lossPercent
        mesh.pass(.seconds(20))
        return mesh
    }

    private func whoHolds(_ mesh: InMemoryMesh, _ node: Int) -> [Int] {
        mesh.nodes.indices.filter { $0 != node && mesh.nodes[$0].membership[mesh.peers[node]] != nil }
    }

    private func digests(_ mesh: InMemoryMesh, _ nodes: Range<Int>) -> Set<UInt128> {
        Set(mesh.nodes[nodes].map { $0.membership.tree.digest(of: .all) })
    }

    private func obstacle(_ mesh: InMemoryMesh, _ node: Int, at other: Int) -> ForgetObstacle? {
        mesh.nodes[other].obstacle(toForgetting: mesh.peers[node], now: mesh.now)
    }

    @Test func allForgetWhoIsGone() throws {
        var mesh = try meshWithoutLast(5)
        #expect(obstacle(mesh, 4, at: 0) == nil)
        let addresses = mesh.nodes[4].membership.claims.addresses(of: mesh.peers[4])
        mesh.handle(.forget(mesh.peers[4]), at: 0)
        mesh.settle()
        #expect(whoHolds(mesh, 4).isEmpty)
        #expect(digests(mesh, 0..<4).count == 1)
        #expect(addresses.allSatisfy { mesh.nodes[1].membership.claims.owner(of: $0) == nil }, "its addresses are free")
    }

    /// Without a word of gossip, by comparing alone.
    @Test func whoDoesNotHearItLearnsItByComparing() throws {
        var mesh = try meshWithoutLast(5)
        mesh.gossipLossPercent = 100
        mesh.handle(.forget(mesh.peers[4]), at: 0)
        mesh.pass(.seconds(2 * 3600))
        #expect(whoHolds(mesh, 4).isEmpty)
        #expect(digests(mesh, 0..<4).count == 1)
    }

    @Test func randomMeshesAgreeWhateverGetsLost() throws {
        let seed = testSeed("randomMeshesAgreeWhateverGetsLost")
        for round in 0..<3 {
            var mesh = InMemoryMesh(seed: seed &+ UInt64(round))
            for number in 0..<24 { try mesh.add(controlPlane(number), identity: number) }
            for node in 1..<24 { mesh.connect(node, Int.random(in: 0..<min(node, 20), using: &mesh.generator)) }
            mesh.settle()
            for node in 20..<24 {
                for other in 0..<20 where mesh.links[.init(from: node, to: other)] != nil {
                    mesh.disconnect(node, other)
                    mesh.handle(.peerUnreachable(mesh.peers[node]), at: other)
                }
            }
            mesh.gossipLossPercent = 30
            mesh.pass(.seconds(20))
            for node in 20..<24 { mesh.handle(.forget(mesh.peers[node]), at: Int.random(in: 0..<20, using: &mesh.generator)) }
            mesh.pass(.seconds(3 * 3600))
            // A mark that got lost on its way to where the command was given is an obstacle there, and then nobody forgets.
            for node in 20..<24 { #expect([0, 20].contains(mesh.nodes[0..<20].count { $0.membership[mesh.peers[node]] == nil })) }
            #expect(digests(mesh, 0..<20).count == 1)
        }
    }

    // MARK: Who is not forgotten

    @Test func whoIsThereIsNotForgotten() throws {
        var mesh = InMemoryMesh(seed: testSeed("whoIsThereIsNotForgotten"))
        for number in 0..<4 { try mesh.add(controlPlane(number), identity: number) }
        for node in 1..<4 { mesh.connect(node - 1, node) }
        mesh.settle()
        #expect(obstacle(mesh, 0, at: 0) == .itself)
        #expect(obstacle(mesh, 1, at: 0) == .connected)
        #expect(obstacle(mesh, 3, at: 0) == .notUnreachable)
        #expect(mesh.nodes[0].obstacle(toForgetting: try identity(9).peerID, now: mesh.now) == .unknown)
        for node in 0..<4 { mesh.handle(.forget(mesh.peers[node]), at: 0) }
        mesh.pass(.seconds(60))
        for node in mesh.nodes { #expect(node.membership.live.count == 4) }
    }

    @Test func whoWasLostJustNowGetsTime() throws {
        var mesh = try meshWithoutLast(5)
        mesh.connect(0, 4)
        mesh.settle()
        mesh.disconnect(0, 4)
        mesh.handle(.peerUnreachable(mesh.peers[4]), at: 0)
        mesh.settle()
        guard case .lostJustNow(let wait)? = obstacle(mesh, 4, at: 0) else { return #expect(Bool(false), "it was lost long ago") }
        mesh.handle(.forget(mesh.peers[4]), at: 0)
        mesh.settle()
        #expect(whoHolds(mesh, 4) == [0, 1, 2, 3])
        mesh.pass(wait + .seconds(1))
        mesh.handle(.forget(mesh.peers[4]), at: 0)
        mesh.settle()
        #expect(whoHolds(mesh, 4).isEmpty)
    }

    /// A member says of another one that is there whatever it likes, as often as it likes.
    @Test func aLiarThrowsNobodyOut() throws {
        var mesh = InMemoryMesh(seed: testSeed("aLiarThrowsNobodyOut"))
        for number in 0..<6 { try mesh.add(controlPlane(number), identity: number) }
        for node in 1..<6 { mesh.connect(node - 1, node) }
        mesh.settle()
        let (victim, liar) = (mesh.peers[5], try identity(9).peerID)
        for _ in 0..<100 {
            let sequence = try #require(mesh.nodes[1].membership[victim]?.record.sequence, "thrown out")
            for number in [sequence, sequence + 1, RecordLimits.maximumSequence] {
                let lies: [Announcement] = [
                    .unreachable(UnreachableReport(peer: victim, sequence: number)),
                    .forgotten(ForgottenReport(peer: victim, sequence: number)),
                ]
                for lie in lies { mesh.handle(.gossip(from: liar, lie.encoded), at: 1) }
            }
            mesh.pass(.milliseconds(700))
            #expect(whoHolds(mesh, 5) == [0, 1, 2, 3, 4])
        }
        let own = try #require(mesh.nodes[5].membership.own?.record.sequence)
        #expect(own < 1_900_000_000_000, "nor does it make the node count up")
    }

    // MARK: Old copies, and the member itself

    /// Node 5 was away meanwhile, and comes back with what it knew.
    @Test(arguments: [0, 100]) func anOldCopyDoesNotBringItBack(lossPercent: Int) throws {
        var mesh = InMemoryMesh(seed: testSeed("anOldCopyDoesNotBringItBack"))
        for number in 0..<6 { try mesh.add(controlPlane(number), identity: number) }
        for (one, other) in [(0, 1), (1, 2), (2, 3), (3, 4), (0, 5)] { mesh.connect(one, other) }
        mesh.settle()
        mesh.disconnect(0, 5)
        mesh.disconnect(3, 4)
        mesh.handle(.peerUnreachable(mesh.peers[4]), at: 3)
        mesh.pass(.seconds(20))
        mesh.handle(.forget(mesh.peers[4]), at: 1)
        mesh.settle()
        #expect(whoHolds(mesh, 4) == [5])
        mesh.gossipLossPercent = lossPercent
        mesh.connect(2, 5)
        mesh.settle()
        #expect(whoHolds(mesh, 4) == [5], "it has to hold it for unreachable first")
        mesh.pass(.seconds(3600))
        #expect(whoHolds(mesh, 4).isEmpty)
        #expect(Set((mesh.nodes[0..<4] + [mesh.nodes[5]]).map { $0.membership.tree.digest(of: .all) }).count == 1)
    }

    @Test func whoComesBackIsAMemberAgain() throws {
        var mesh = try meshWithoutLast(5)
        let before = mesh.nodes[0].membership.claims.addresses(of: mesh.peers[4])
        mesh.handle(.forget(mesh.peers[4]), at: 0)
        mesh.settle()
        mesh.connect(1, 4)
        mesh.pass(.seconds(60))
        #expect(whoHolds(mesh, 4) == [0, 1, 2, 3])
        #expect(mesh.nodes[0].membership.claims.addresses(of: mesh.peers[4]) == before && before.count == 2)
        #expect(mesh.nodes[4].membership.live.count == 5)
        #expect(digests(mesh, 0..<5).count == 1)
    }

    @Test func onlyANewerRecordComesBack() throws {
        var generator = SeededGenerator(seed: testSeed("onlyANewerRecordComesBack"))
        let records = try (1...4).flatMap { number in try (1...6).map { try record(number, sequence: $0) } }
        for _ in 0..<20 {
            var expected: [PeerID: UInt64] = [:]
            var one = try membership()
            for number in 1...3 {
                let sequence = UInt64.random(in: 1...6, using: &generator)
                _ = one.merge(try record(number, sequence: sequence), age: .zero, now: .origin)
                one.forget(try identity(number).peerID)
                if sequence < 6 { expected[try identity(number).peerID] = 6 }
            }
            expected[try identity(4).peerID] = 6
            for record in records.shuffled(using: &generator) + records { _ = one.merge(record, age: .zero, now: .origin) }
            #expect(Dictionary(uniqueKeysWithValues: one.all.map { ($0.record.peer, $0.record.sequence) }) == expected)
        }
    }

    // MARK: Memory

    private func forgotten(_ number: Int, in plane: inout ControlPlane) throws {
        _ = plane.membership.merge(try record(number, sequence: 7), age: .seconds(600), now: .origin)
        plane.membership.forget(try identity(number).peerID)
    }

    @Test func itIsRememberedAcrossARestart() throws {
        var plane = try controlPlane(0)
        try forgotten(1, in: &plane)
        let saved = plane.snapshot(now: .origin + .seconds(100)).encoded
        for (elapsed, isRemembered) in [(0, true), (2800, true), (2900, false)] {
            var again = try controlPlane(0, restored: MeshSnapshot(decoding: saved, elapsed: .seconds(elapsed)))
            let outcome = again.membership.merge(try record(1, sequence: 7), age: .zero, now: .origin)
            #expect((outcome == .stale) == isRemembered, "after \(elapsed) s")
            #expect(again.membership.merge(try record(1, sequence: 8), age: .zero, now: .origin) != .stale)
        }
    }

    /// With the end of the lease that the record had nobody can have a copy any more.
    @Test func theStateFileForgetsItInTheEnd() throws {
        var plane = try controlPlane(0)
        try forgotten(1, in: &plane)
        #expect(plane.snapshot(now: .origin + .seconds(2999)).forgotten.count == 1)
        #expect(plane.snapshot(now: .origin + .seconds(3000)).forgotten.isEmpty)
    }

    @Test func theStateFileHoldsOnlySoMany() throws {
        var limits = ControlPlaneLimits()
        limits.membership.maximumForgotten = 3
        var plane = try controlPlane(0, limits: limits)
        for number in 1...10 { try forgotten(number, in: &plane) }
        let snapshot = MeshSnapshot(decoding: plane.snapshot(now: .origin).encoded, elapsed: .zero)
        #expect(Set(snapshot.forgotten.map(\.peer)) == Set(try (8...10).map { try identity($0).peerID }))
        #expect(plane.membership.tree.count == 3)
    }

    @Test func aDamagedMemoryIsNone() throws {
        var plane = try controlPlane(0)
        try forgotten(1, in: &plane)
        let saved = plane.snapshot(now: .origin).encoded
        var generator = SeededGenerator(seed: testSeed("aDamagedMemoryIsNone"))
        for _ in 0..<10_000 {
            let snapshot = MeshSnapshot(decoding: generator.mutated(saved, among: [saved]), elapsed: .seconds(1))
            #expect(snapshot.forgotten.allSatisfy { $0.remaining <= RecordLimits.leaseRange.upperBound })
        }
    }
}
