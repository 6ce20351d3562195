import Foundation
import Testing
import WeftLaboratory

private let missing: String? =
    WeftBinary.path == nil
    ? "needs the program: build it (swift build) or set WEFT_BINARY"
    : WireGuardBackend.chosen.missing

/// Every suite of these tests is nested in here, so that they run one after the other: they measure times.
@Suite(.serialized, .enabled(if: missing == nil, Comment(rawValue: missing ?? "")))
enum EndToEnd {
    /// How long a mesh may take until every pair of nodes reaches each other, from the start of the last.
    static let convergence = Duration.seconds(5)
    /// How long the program may take to refuse what it cannot do.
    static let refusal = Duration.seconds(10)

    static func randomKey() -> String {
        Data((0..<32).map { _ in UInt8.random(in: .min ... .max) }).base64EncodedString()
    }
}

extension Node.Settings {
    /// For what is about nodes and not about packets: nobody implements WireGuard.
    static var withoutInterface: Node.Settings {
        var settings = Node.Settings()
        settings.wireguard = "none"
        settings.logLevel = "info"
        return settings
    }
}

/// A mesh in a laboratory: the first node makes it, the others join by its token.
struct TestMesh {
    let laboratory: Laboratory
    private(set) var nodes: [Node] = []
    let token: String

    /// Makes the first node and waits until it is up.
    init(in laboratory: Laboratory, first: Node.Settings = Node.Settings()) async throws {
        self.laboratory = laboratory
        let node = try Node("node-1", on: try laboratory.addHost("host-1"), in: laboratory, settings: first)
        try await node.waitUntilUp()
        nodes = [node]
        token = try node.token()
    }

    /// A further node, on a host of its own unless one is given; it is not up yet when this returns.
    @discardableResult
    mutating func addNode(on host: LabHost? = nil, _ change: (inout Node.Settings) -> Void = { _ in }) throws -> Node {
        var settings = Node.Settings()
        settings.join = token
        change(&settings)
        let number = nodes.count + 1
        let node = try Node("node-\(number)", on: try host ?? laboratory.addHost("host-\(number)"), in: laboratory, settings: settings)
        nodes.append(node)
        return node
    }

    /// A mesh of as many nodes without interfaces, who all know each other.
    static func ofMany(_ count: Int, in laboratory: Laboratory, within bound: Duration) async throws -> TestMesh {
        var mesh = try await TestMesh(in: laboratory, first: .withoutInterface)
        let token = mesh.token
        for _ in 1..<count {
            try mesh.addNode {
                $0 = .withoutInterface
                $0.join = token
            }
        }
        try await mesh.waitUntilAllKnowEachOther(within: bound)
        return mesh
    }

    /// Every node reaches every other over the overlay. The bound is for all of them together.
    func waitForFullMesh(within bound: Duration) async throws {
        let deadline = ContinuousClock.now + Slowness.allow(bound)
        for node in nodes {
            for other in nodes where other.name != node.name {
                let left = max(.zero, deadline - .now) / Slowness.factor
                try await node.waitForPing(of: other, within: left)
            }
        }
    }

    func waitUntilAllKnowEachOther(within bound: Duration) async throws {
        let names = Set(nodes.map(\.name))
        for node in nodes {
            try await node.waitUntil("knows \(names.sorted())", within: bound) { Set($0.members.map(\.name)) == names }
        }
    }
}
