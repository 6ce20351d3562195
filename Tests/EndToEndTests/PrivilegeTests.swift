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

        /// As docs/INSTALL.md says. Without root nobody makes what a userspace WireGuard needs, so there it has no interface here.
        @Test func withTheCapabilityOnTheProgramNoRootIsNeeded() async throws {
            try await Laboratory.with { laboratory in
                let folder = "\(laboratory.directory)/user"
                let program = "\(folder)/weft"
                let owner: [FileAttributeKey: Any] = [.ownerAccountID: 4711, .groupOwnerAccountID: 4711, .posixPermissions: 0o755]
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: owner)
                try FileManager.default.copyItem(atPath: try #require(WeftBinary.path), toPath: program)
                try Tools.run(["setcap", "cap_net_admin+ep", program])
                let process = try laboratory.start(
                    [
                        "setpriv", "--reuid=4711", "--regid=4711", "--clear-groups", program, "--state-dir", "\(folder)/state", "--socket",
                        "\(folder)/socket", "--interface", laboratory.newInterfaceName(), "--no-etc-hosts", "--dns", "off", "--wireguard",
                        WireGuardBackend.chosen == .kernel ? "kernel" : "none",
                    ], on: try laboratory.addHost("host-1"), log: "setcap")
                try await eventually("the node is ready", within: .seconds(20), details: { process.tail }) {
                    process.errors.contains("node ready")
                }
                let status = ProcessFacts.status(process.id)
                #expect(status["Uid"] == "4711\t4711\t4711\t4711")
                for set in ["CapEff", "CapPrm"] { #expect(status[set] == Self.netAdminAlone, "\(set)") }
                #expect(status["NoNewPrivs"] == "1")
                #expect(process.terminate(waitingAtMost: .seconds(10)) == .exited(0))
            }
        }

        private static func owners(_ directory: String) throws -> Set<Int> {
            let manager = FileManager.default
            let paths = [directory] + (try manager.contentsOfDirectory(atPath: directory)).map { "\(directory)/\($0)" }
            return Set(try paths.compactMap { try manager.attributesOfItem(atPath: $0)[.ownerAccountID] as? Int })
        }
    }
}
