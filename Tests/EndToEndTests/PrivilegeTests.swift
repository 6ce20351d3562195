import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    /// Root starts it, and it is root no more.
    @Suite(.serialized) struct PrivilegeTests {
        /// CAP_NET_ADMIN is capability 12 (linux/capability.h).
        private static let netAdminAlone = "0000000000001000"

        @Test func itKeepsOneCapabilityAndNoUserOfTheSystem() async throws {
            try await Laboratory.with { laboratory in
                let mesh = try await TestMesh(in: laboratory)
                let node = mesh.nodes[0]
                for process in [node.process.id] + ProcessFacts.descendants(of: node.process.id) {
                    let status = ProcessFacts.status(process)
                    let users = status["Uid"]?.split(separator: "\t").map(String.init)
                    #expect(users == Array(repeating: "62042", count: 4), "\(status)")
                    #expect(status["Gid"]?.split(separator: "\t").map(String.init) == Array(repeating: "62042", count: 4))
                    #expect((status["Groups"] ?? "").isEmpty)
                    for set in ["CapEff", "CapPrm", "CapBnd", "CapInh"] { #expect(status[set] == Self.netAdminAlone, "\(set)") }
                    #expect(status["NoNewPrivs"] == "1")
                }
            }
        }

        @Test func theUserCanBeChosenAndOwnsTheState() async throws {
            try await Laboratory.with { laboratory in
                var settings = Node.Settings()
                settings.arguments = ["--user", "4711"]
                var mesh = try await TestMesh(in: laboratory, first: settings)
                let node = mesh.nodes[0]
                let before = try #require(node.status()).node.peerID
                #expect(ProcessFacts.status(node.process.id)["Uid"]?.hasPrefix("4711") == true)
                #expect(try Self.owners(node.stateDirectory) == [4711])
                node.process.signal(SIGTERM)
                _ = try await node.waitUntilEnded(within: .seconds(5))
                try node.startAgain { $0.arguments = ["--user", "4712"] }
                #expect(try await node.waitUntilUp().node.peerID == before, "whoever it becomes, it is the same node")
                #expect(try Self.owners(node.stateDirectory) == [4712])
                let root = try mesh.addNode { $0.arguments = ["--user", "root"] }
                #expect(try await root.waitUntilEnded(within: EndToEnd.refusal) == .exited(1))
                #expect(root.log.contains("weft does not run as root"))
            }
        }

        private static func owners(_ directory: String) throws -> Set<Int> {
            let manager = FileManager.default
            let paths = [directory] + (try manager.contentsOfDirectory(atPath: directory)).map { "\(directory)/\($0)" }
            return Set(try paths.compactMap { try manager.attributesOfItem(atPath: $0)[.ownerAccountID] as? Int })
        }
    }
}
