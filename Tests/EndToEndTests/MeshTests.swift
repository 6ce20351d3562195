import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    @Suite(.serialized) struct MeshTests {
        @Test func threeNodesReachEachOtherSoon() async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                try mesh.addNode()
                try mesh.addNode()
                let start = ContinuousClock.now
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                print("three nodes: full mesh after \(ContinuousClock.now - start)")
                try await mesh.waitUntilAllKnowEachOther(within: EndToEnd.convergence)
                for node in mesh.nodes {
                    let status = try #require(node.status())
                    #expect(status.version == 1)
                    #expect(status.node.name == node.name && status.node.interface == node.interface)
                    #expect(status.node.wireguard == WireGuardBackend.chosen.option)
                    #expect(status.members.filter { $0.state == .ourselves }.map(\.name) == [node.name])
                    for member in status.members where member.state != .ourselves {
                        #expect(member.endpoint != nil && member.lastHandshakeSecondsAgo != nil)
                        #expect(member.receivedBytes > 0 && member.sentBytes > 0)
                    }
                }
            }
        }

        @Test func addressesAreUniqueAndTheSameForEveryone() async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                try mesh.addNode()
                try mesh.addNode()
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                let views = try mesh.nodes.map { node in
                    let members = try #require(node.status()).members
                    return Dictionary(members.map { ($0.peerID, Set($0.addresses)) }) { $1 }
                }
                #expect(Set(views.map(\.keys.count)) == [3])
                #expect(views.allSatisfy { $0 == views[0] })
                let addresses = views[0].values.flatMap { $0 }
                #expect(Set(addresses).count == addresses.count)
            }
        }

        @Test func aLateJoinerKnowsAll() async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                try mesh.addNode()
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                let late = try mesh.addNode()
                try await mesh.waitUntilAllKnowEachOther(within: EndToEnd.convergence)
                try await late.waitForPing(of: mesh.nodes[0], within: EndToEnd.convergence)
                try await late.waitForPing(of: mesh.nodes[1], within: EndToEnd.convergence)
            }
        }

        @Test func aTokenOfAnyMemberWillDo() async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                let second = try mesh.addNode()
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                let token = try second.token()
                try mesh.addNode { $0.join = token }
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
            }
        }

        @Test func aTokenMayComeFromTheEnvironment() async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                let token = mesh.token
                try mesh.addNode {
                    $0.join = nil
                    $0.environment["WEFT_JOIN"] = token
                }
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
            }
        }

        @Test func aClusterKeyAndAHostWillDo() async throws {
            try await Laboratory.with { laboratory in
                let key = EndToEnd.randomKey()
                var first = Node.Settings()
                first.clusterKey = key
                var mesh = try await TestMesh(in: laboratory, first: first)
                let host = mesh.nodes[0].host.ipv4
                try mesh.addNode {
                    $0.join = host
                    $0.clusterKey = key
                }
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
            }
        }

        @Test func portsAndOverlayCanBeChosen() async throws {
            try await Laboratory.with { laboratory in
                var first = Node.Settings()
                first.clusterPort = 7000
                first.wireguardPort = 7001
                first.overlayNets = ["10.77.0.0/16"]
                var mesh = try await TestMesh(in: laboratory, first: first)
                try mesh.addNode {
                    $0.clusterPort = 7002
                    $0.wireguardPort = 7003
                }
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                for node in mesh.nodes {
                    #expect(node.status()?.node.addresses.contains { $0.hasPrefix("10.77.") } == true)
                }
                #expect(mesh.nodes[0].status()?.member("node-2")?.endpoint?.hasSuffix(":7003") == true)
            }
        }

        /// Its new address is told to all, and what stood on the old one is given up at once.
        @Test func aNodeThatMovesIsReachedAgain() async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                for _ in 0..<3 { try mesh.addNode() }
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                // Connections that were made just now may come from dials that crossed: then neither is given up for the other.
                try await mesh.nodes[3].waitUntil("has been up for a while", within: .seconds(20)) { $0.node.uptimeSeconds > 4 }
                try mesh.nodes[1].host.move(toHost: 200)
                let start = ContinuousClock.now
                try await mesh.waitForFullMesh(within: .seconds(5))
                print("a node that moves: full mesh after \(ContinuousClock.now - start)")
            }
        }

        @Test func theMeshHealsAfterTheNetworkWasCut() async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                let second = try mesh.addNode()
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                let address = try #require(second.status()?.node.addresses.first?.split(separator: "/").first.map(String.init))
                try laboratory.setConnected(false, second.host)
                #expect(!mesh.nodes[0].host.pings(address))
                try laboratory.setConnected(true, second.host)
                try await mesh.waitForFullMesh(within: .seconds(30))
            }
        }
    }
}
