import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    /// Members are known by name to other programs. Each node has a hosts file of its own here.
    @Suite(.serialized) struct NamesTests {
        private static let before = "127.0.0.1 localhost\n# what somebody wrote\n192.0.2.9 printer\n"

        @Test func theHostsFileHasAllMembersAsLongAsTheNodeRuns() async throws {
            try await Laboratory.with { laboratory in
                let files = (1...2).map { "\(laboratory.directory)/hosts-\($0)" }
                for file in files { try Self.before.write(toFile: file, atomically: true, encoding: .utf8) }
                var settings = Node.Settings()
                settings.arguments = ["--etc-hosts", "--hosts-file", files[0]]
                var mesh = try await TestMesh(in: laboratory, first: settings)
                let second = try mesh.addNode { $0.arguments = ["--etc-hosts", "--hosts-file", files[1]] }
                let third = try mesh.addNode()
                try await mesh.waitUntilAllKnowEachOther(within: EndToEnd.convergence)
                for (file, node) in zip(files, mesh.nodes) {
                    let lines = try #require(node.status()).members.flatMap { member in
                        member.addresses.map { "\($0) \(member.name).weft \(member.name)" }
                    }
                    try await Self.wait("\(file) names all three") { Set(try Self.lines(file)).isSuperset(of: lines) }
                    #expect(try String(contentsOfFile: file, encoding: .utf8).hasPrefix(Self.before))
                }

                try third.leave()
                for file in files { try await Self.wait("the third has left \(file)") { try !Self.text(file).contains("node-3.weft") } }
                mesh.nodes[0].process.signal(SIGTERM)
                second.process.signal(SIGKILL)
                for file in files { try await Self.wait("\(file) is as before") { try Self.text(file) == Self.before } }
            }
        }

        /// By the service that runs beside a node that root did not start, and cleans up after it.
        @Test func aKeeperBesideTheNodeDoesTheSame() async throws {
            try await Laboratory.with { laboratory in
                let file = "\(laboratory.directory)/hosts"
                try Self.before.write(toFile: file, atomically: true, encoding: .utf8)
                var settings = Node.Settings()
                settings.arguments = ["--etc-hosts", "--hosts-file", "\(laboratory.directory)/nowhere"]
                let mesh = try await TestMesh(in: laboratory, first: settings)
                let node = mesh.nodes[0]
                let words = ["names-keeper", "--socket", node.socket, "--interface", node.interface, "--hosts-file", file]
                let keeper = try laboratory.start([try #require(WeftBinary.path)] + words, on: node.host, log: "keeper")
                try await Self.wait("it is named") { try Self.text(file).contains("node-1.weft") }
                keeper.signal(SIGKILL)
                try await eventually("the keeper has ended", within: .seconds(5)) { keeper.poll() != nil }
                #expect(try Self.text(file).contains("node-1.weft"))
                try node.host.run([try #require(WeftBinary.path)] + words + ["--remove"])
                #expect(try Self.text(file) == Self.before)
                #expect(node.log.contains(#/names not told.*nowhere/#), "what cannot be written is said")
                let missing = "\(laboratory.directory)/missing"
                _ = try laboratory.start(
                    [try #require(WeftBinary.path)] + words.dropLast() + [missing], on: node.host, log: "keeper-2")
                try await node.waitUntilSays(#/names not told.*missing/#, within: .seconds(10))
            }
        }

        @Test func dnsAnswersAtTheOverlayAddress() async throws {
            try await Laboratory.with { laboratory in
                var settings = Node.Settings()
                settings.arguments = ["--dns", "on"]
                var mesh = try await TestMesh(in: laboratory, first: settings)
                try mesh.addNode()
                try await mesh.waitUntilAllKnowEachOther(within: EndToEnd.convergence)
                let members = try #require(mesh.nodes[0].status()).members
                let own = try #require(members.first { $0.name == "node-1" }?.addresses.first { $0.contains(".") })
                let other = try #require(members.first { $0.name == "node-2" }?.addresses.first { $0.contains(".") })
                let question = """
                    import socket, struct, sys
                    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(1)
                    s.sendto(struct.pack(">6H", 7, 256, 1, 0, 0, 0) + b"\\x06node-2\\x04weft\\0" + struct.pack(">2H", 1, 1), (sys.argv[1], 10053))
                    print(socket.inet_ntoa(s.recv(512)[-4:]))
                    """
                try await Self.wait("the second's address is told") {
                    (try? mesh.nodes[0].host.run(["python3", "-c", question, own]))?.trimmingCharacters(in: .newlines) == other
                }
            }
        }

        private static func text(_ file: String) throws -> String { try String(contentsOfFile: file, encoding: .utf8) }
        private static func lines(_ file: String) throws -> [String] { try text(file).split(separator: "\n").map(String.init) }

        private static func wait(_ what: String, _ condition: () throws -> Bool) async throws {
            // A reader is told to try again in the moment of a change.
            try await eventually(what, within: .seconds(10)) { (try? condition()) ?? false }
        }
    }
}
