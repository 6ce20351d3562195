import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    /// On one network a common secret is enough.
    @Suite(.serialized) struct NeighbourTests {
        private func start(
            _ count: Int, in laboratory: Laboratory, key: String, from first: Int = 1, before: (LabHost) throws -> Void = { _ in }
        ) throws -> [Node] {
            try (first..<first + count).map { number in
                var settings = Node.Settings.withoutInterface
                settings.clusterKey = key
                settings.findsNeighbours = true
                settings.logLevel = "debug"
                let host = try laboratory.addHost("host-\(number)")
                try before(host)
                return try Node("node-\(number)", on: host, in: laboratory, settings: settings)
            }
        }

        private func waitUntilAllKnowEachOther(_ nodes: [Node], within bound: Duration) async throws {
            for node in nodes {
                try await node.waitUntil("knows all", within: bound) { Set($0.members.map(\.name)) == Set(nodes.map(\.name)) }
            }
        }

        @Test func threeFindEachOther() async throws {
            try await Laboratory.with { laboratory in
                try await waitUntilAllKnowEachOther(try start(3, in: laboratory, key: EndToEnd.randomKey()), within: .seconds(3))
            }
        }

        @Test func aLateOneFindsTheOthersAndStrangersDoNot() async throws {
            try await Laboratory.with { laboratory in
                let key = EndToEnd.randomKey()
                let first = try start(2, in: laboratory, key: key)
                try await waitUntilAllKnowEachOther(first, within: .seconds(3))
                let stranger = try start(1, in: laboratory, key: EndToEnd.randomKey(), from: 9)[0]
                let late = try start(1, in: laboratory, key: key, from: 3)
                try await waitUntilAllKnowEachOther(first + late, within: .seconds(3))
                #expect(stranger.status()?.members.map(\.name) == ["node-9"])
                #expect(!stranger.log.contains("neighbour found"))
            }
        }

        /// Each starts without a link; then the cable is put in.
        @Test func aLinkThatComesLaterIsUsed() async throws {
            try await Laboratory.with { laboratory in
                let nodes = try start(2, in: laboratory, key: EndToEnd.randomKey()) { try $0.ip(["link", "set", LabHost.link, "down"]) }
                for node in nodes { try await node.waitUntilUp() }
                for node in nodes { try node.host.ip(["link", "set", LabHost.link, "up"]) }
                try await waitUntilAllKnowEachOther(nodes, within: .seconds(3))
            }
        }
    }
}
