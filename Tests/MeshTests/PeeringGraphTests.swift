import IPAddresses
import Multiformats
import Testing
import Timeline
import WeftTestKit

@testable import Mesh

/// Many planners together: what graph they make, and keep.
@Suite struct PeeringGraphTests {
    /// Dialling for the sake of healing renews the graph, and must not make it denser: each connection costs traffic at rest.
    @Test func atRestConnectionsDoNotGrow() {
        var graph = Graph(count: 40, seed: testSeed("peering graph"))
        graph.start()
        graph.rest(.seconds(600))
        let young = graph.meanConnections
        graph.rest(.seconds(24 * 3600))
        #expect(graph.dials > 40, "nothing was renewed")
        #expect(
            graph.meanConnections <= min(young, 6), "\(young) connections a node after ten minutes, \(graph.meanConnections) after a day")
        #expect(graph.isConnected)
    }
}

/// A mesh in which every dial succeeds and every connection holds.
private struct Graph {
    private var planners: [PeeringPlanner<SeededGenerator>]
    private let peers: [PeerID]
    private let numbers: [PeerID: Int]
    private var neighbours: [Set<Int>]
    private var now = Instant.origin
    private var actions: [(from: Int, action: PeeringAction)] = []
    private(set) var dials = 0

    init(count: Int, seed: UInt64) {
        peers = (0..<count).compactMap { try? Identity(seed: [UInt8](repeating: UInt8($0), count: 32)).peerID }
        numbers = Dictionary(uniqueKeysWithValues: peers.enumerated().map { ($1, $0) })
        planners = (0..<count).map { PeeringPlanner(generator: SeededGenerator(seed: seed &+ UInt64($0))) }
        neighbours = Array(repeating: [], count: count)
    }

    var meanConnections: Double { Double(neighbours.map(\.count).reduce(0, +)) / Double(neighbours.count) }

    var isConnected: Bool {
        var (reached, border) = (Set([0]), [0])
        while let next = border.popLast() {
            let new = neighbours[next].subtracting(reached)
            reached.formUnion(new)
            border += new
        }
        return reached.count == peers.count
    }

    /// All learn of all, one after the other.
    mutating func start() {
        for (number, peer) in peers.enumerated() {
            let address = Multiaddr(tcp: SocketAddress(IPAddress(family: .ipv4, value: 0x0a00_0001 + UInt128(number)), port: 10042))
            for node in planners.indices where node != number { handle(.member(peer, [address]), by: node) }
        }
    }

    mutating func rest(_ duration: Duration) {
        let end = now + duration
        while let (node, deadline) = next, deadline <= end {
            now = max(now, deadline)
            handle(.deadlineReached, by: node)
        }
        now = end
    }

    private var next: (node: Int, deadline: Instant)? {
        planners.indices.lazy.compactMap { node in planners[node].nextDeadline.map { (node, $0) } }.min { $0.1 < $1.1 }
    }

    private mutating func handle(_ input: PeeringInput, by node: Int) {
        actions += planners[node].handle(input, now: now).map { (node, $0) }
        while !actions.isEmpty {
            let (from, action) = actions.removeFirst()
            switch action {
            case .dial(.peer(let peer), _): connect(from, to: peer)
            case .disconnect(let peer): disconnect(from, from: peer)
            default: Issue.record("in this mesh nobody is lost")
            }
        }
    }

    private mutating func connect(_ node: Int, to peer: PeerID) {
        guard let other = numbers[peer] else { return }
        dials += 1
        if neighbours[node].insert(other).inserted {
            neighbours[other].insert(node)
            tell(.connected(peer), to: node)
            tell(.connected(peers[node]), to: other)
        }
        tell(.dialed(.peer(peer), connectedTo: peer), to: node)
    }

    private mutating func disconnect(_ node: Int, from peer: PeerID) {
        guard let other = numbers[peer], neighbours[node].remove(other) != nil else { return }
        neighbours[other].remove(node)
        tell(.disconnected(peer), to: node)
        tell(.disconnected(peers[node]), to: other)
    }

    private mutating func tell(_ input: PeeringInput, to node: Int) {
        actions += planners[node].handle(input, now: now).map { (node, $0) }
    }
}
