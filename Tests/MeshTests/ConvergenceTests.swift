import IPAddresses
import Multiformats
import Testing
import Timeline
import WeftTestKit

@testable import Mesh

@Suite struct ConvergenceTests {
    private func expectAgreement(_ mesh: InMemoryMesh, live: Int, addressesEach: Int = 2) {
        let first = mesh.nodes[0].membership
        let claims = first.claims
        #expect(first.live.count == live)
        var seen: Set<IPAddress> = []
        for member in first.live {
            #expect(claims.lostAddresses(of: member.record.peer).isEmpty)
            #expect(claims.addresses(of: member.record.peer).count == addressesEach)
            for address in claims.addresses(of: member.record.peer) { #expect(seen.insert(address).inserted) }
        }
        for node in mesh.nodes.dropFirst() {
            #expect(node.membership.state == first.state)
            #expect(node.membership.claims.shownNames() == claims.shownNames())
        }
    }

    private func mesh(_ count: Int, seed: UInt64, ranges: OverlayRanges? = nil, name: String? = nil) throws -> InMemoryMesh {
        var mesh = InMemoryMesh(seed: seed)
        for number in 0..<count { try mesh.add(controlPlane(number, overlay: ranges, name: name), identity: number) }
        return mesh
    }

    @Test func randomMeshesConverge() throws {
        let seed = testSeed("randomMeshesConverge")
        for round in 0..<5 {
            var mesh = try mesh(20, seed: seed &+ UInt64(round), name: round.isMultiple(of: 2) ? "same" : nil)
            mesh.gossipLossPercent = 30
            for node in 1..<20 { mesh.connect(node, Int.random(in: 0..<node, using: &mesh.generator)) }
            for _ in 0..<10 { mesh.connect(Int.random(in: 0..<20, using: &mesh.generator), Int.random(in: 0..<20, using: &mesh.generator)) }
            mesh.settle()
            expectAgreement(mesh, live: 20)
        }
    }

    /// Gossip carries nothing at all here: sync alone must do, over one healed link.
    @Test(arguments: [true, false]) func oneLinkHealsAPartition(gossip: Bool) throws {
        let seed = testSeed("oneLinkHealsAPartition")
        var mesh = try mesh(40, seed: seed, name: "same")
        mesh.gossipLossPercent = gossip ? 0 : 100
        for half in [0..<20, 20..<40] {
            for node in half.dropFirst() { mesh.connect(node, Int.random(in: half.lowerBound..<node, using: &mesh.generator)) }
        }
        mesh.settle()
        #expect(mesh.nodes[0].membership.live.count == 20 && mesh.nodes[39].membership.live.count == 20)
        mesh.now = mesh.now + .seconds(3600)
        mesh.connect(7, 31)
        mesh.settle()
        if !gossip { healByNewLinks(&mesh) }
        expectAgreement(mesh, live: 40)
    }

    /// The losers of addresses say so by gossip; without it, their word goes with the next connection.
    private func healByNewLinks(_ mesh: inout InMemoryMesh) {
        for _ in 0..<8 {
            for node in 0..<40 {
                let other = (node + 1) % 40
                mesh.disconnect(node, other)
                mesh.connect(node, other)
            }
            mesh.settle()
        }
    }

    @Test func everyRecordCrossesAHealedLinkAndReachesAll() throws {
        var mesh = try mesh(120, seed: testSeed("everyRecordCrossesAHealedLinkAndReachesAll"))
        mesh.gossipLossPercent = 100
        for half in [0..<60, 60..<120] {
            for node in half.dropFirst() { mesh.connect(node, half.lowerBound + (node - half.lowerBound) / 3) }
        }
        mesh.settle()
        mesh.connect(50, 110)
        mesh.settle()
        for node in mesh.nodes { #expect(node.membership.count == 120) }
    }

    @Test func aLateJoinerLearnsAllAndAllLearnOfIt() throws {
        var mesh = try mesh(12, seed: testSeed("aLateJoinerLearnsAllAndAllLearnOfIt"))
        for node in 1..<12 { mesh.connect(node, node - 1) }
        mesh.settle()
        mesh.pass(.seconds(60))
        try mesh.add(controlPlane(12, now: mesh.now), identity: 12)
        mesh.connect(12, 5)
        mesh.settle()
        expectAgreement(mesh, live: 13)
    }

    @Test func fiveNodesShareASmallRange() throws {
        for round in 0..<20 {
            let seed = testSeed("fiveNodesShareASmallRange")
            var mesh = try mesh(5, seed: seed &+ UInt64(round), ranges: overlay("10.42.0.8/29"), name: "same")
            for node in 1..<5 { mesh.connect(node, Int.random(in: 0..<node, using: &mesh.generator)) }
            mesh.settle()
            expectAgreement(mesh, live: 5, addressesEach: 1)
        }
    }

    @Test func whoFindsTheRangeFullGetsTheNextFreeAddress() throws {
        var mesh = try mesh(7, seed: testSeed("whoFindsTheRangeFullGetsTheNextFreeAddress"), ranges: overlay("10.42.0.8/29"))
        for node in 1..<7 { mesh.connect(node, 0) }
        mesh.settle()
        #expect(mesh.nodes[0].membership.live.filter { $0.record.addresses.isEmpty }.count == 1)
        #expect(mesh.notices.contains { $0.notice == .rangeFull(prefix("10.42.0.8/29")) })
        let leaver = try #require(mesh.nodes.firstIndex { $0.membership.own?.record.addresses.isEmpty == false })
        mesh.handle(.leave, at: leaver)
        mesh.settle()
        #expect(mesh.nodes[0].membership.live.allSatisfy { !$0.record.addresses.isEmpty })
        #expect(mesh.nodes[(leaver + 1) % 7].membership.live.count == 6)
    }

    @Test func theDeadExpireAndTheLivingStayThroughALongPartition() throws {
        var mesh = try mesh(6, seed: testSeed("theDeadExpireAndTheLivingStayThroughALongPartition"))
        for node in 1..<6 { mesh.connect(node, node - 1) }
        mesh.settle()
        for node in 0..<5 { mesh.disconnect(node, node + 1) }
        mesh.pass(.seconds(4 * 86_400))
        for node in mesh.nodes { #expect(node.membership.live.count == 6) }
        for node in 1..<5 { mesh.connect(node, node - 1) }
        mesh.settle()
        mesh.pass(.seconds(8 * 86_400))
        for node in mesh.nodes.prefix(5) { #expect(node.membership.live.count == 5) }
        #expect(mesh.nodes[5].membership.live.count == 1)
        mesh.connect(5, 2)
        mesh.settle()
        expectAgreement(mesh, live: 6)
    }
}
