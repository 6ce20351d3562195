import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    @Suite(.serialized) struct SecrecyTests {
        /// The loudest log of nodes that form a mesh, and of one that is turned away, has no secret in any common form.
        @Test func noLogHasASecret() async throws {
            try await Laboratory.with { laboratory in
                let key = EndToEnd.randomKey()
                var first = Node.Settings()
                first.logLevel = "trace"
                first.environment["WEFT_CLUSTER_KEY"] = key
                var mesh = try await TestMesh(in: laboratory, first: first)
                let token = mesh.token
                try mesh.addNode {
                    $0.join = nil
                    $0.environment["WEFT_JOIN"] = token
                    $0.logLevel = "trace"
                }
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                let damaged = String(token.dropLast(3))
                let refused = try mesh.addNode {
                    $0.join = nil
                    $0.environment["WEFT_JOIN"] = damaged
                    $0.logLevel = "trace"
                }
                _ = try await refused.waitUntilEnded(within: EndToEnd.refusal)
                try #require(!mesh.nodes[0].log.isEmpty)

                var secrets =
                    Self.forms(of: Array(try #require(Data(base64Encoded: key)))) + [
                        String(token.dropFirst(16)), String(damaged.dropFirst(16)),
                    ]
                for node in mesh.nodes { secrets += Self.storedSecrets(node.stateDirectory) }
                for node in mesh.nodes {
                    let log = node.log.lowercased()
                    for secret in secrets { #expect(!log.contains(secret.lowercased()), "\(node.name) logs a secret") }
                }
            }
        }

        /// Files that are a key and nothing else, raw or as text. Files with more in them are not looked into.
        private static func storedSecrets(_ directory: String) -> [String] {
            let files = FileManager.default.enumerator(atPath: directory)?.compactMap { $0 as? String } ?? []
            return files.flatMap { file -> [String] in
                let contents = FileManager.default.contents(atPath: "\(directory)/\(file)") ?? Data()
                guard (32...128).contains(contents.count) else { return [] }
                let text = String(decoding: contents, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
                return forms(of: Array(contents)) + (text.utf8.count >= 32 ? [text] : [])
            }
        }

        /// Hexadecimal, base64, base64 for URLs, as Swift prints an array.
        private static func forms(of bytes: [UInt8]) -> [String] {
            let base64 = Data(bytes).base64EncodedString().trimmingCharacters(in: CharacterSet(charactersIn: "="))
            let hex = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            let url = base64.replacing("+", with: "-").replacing("/", with: "_")
            return [hex, base64, url, bytes.map(String.init).joined(separator: ", ")]
        }

        @Test func noProcessListHasASecret() async throws {
            try await Laboratory.with { laboratory in
                let key = EndToEnd.randomKey()
                var first = Node.Settings()
                first.environment["WEFT_CLUSTER_KEY"] = key
                var mesh = try await TestMesh(in: laboratory, first: first)
                let token = mesh.token
                let second = try mesh.addNode {
                    $0.join = nil
                    $0.environment["WEFT_JOIN"] = token
                }
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                let secrets = [key, token]
                for line in ProcessFacts.allCommandLines().values {
                    for secret in secrets { #expect(!line.contains(secret)) }
                }
                // Ours are the user's own doing; what the nodes start must not get them.
                for child in (mesh.nodes + [second]).flatMap({ ProcessFacts.descendants(of: $0.process.id) }) {
                    for secret in secrets { #expect(!ProcessFacts.environment(child).contains(secret)) }
                }
            }
        }

        /// What the user typed is in the process's own arguments, which everybody can read, until the node hides it.
        @Test func aTokenOrKeyOnTheCommandLineIsHidden() async throws {
            try await Laboratory.with { laboratory in
                let key = EndToEnd.randomKey()
                var first = Node.Settings()
                first.clusterKey = key
                var mesh = try await TestMesh(in: laboratory, first: first)
                try mesh.addNode()
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                for node in mesh.nodes {
                    let line = try #require(ProcessFacts.allCommandLines()[node.process.id])
                    #expect(!line.contains(key) && !line.contains(mesh.token))
                    #expect(line.contains(node.interface))
                }
            }
        }

        @Test func onlyTheOwnerReadsTheState() async throws {
            try await Laboratory.with { laboratory in
                let mesh = try await TestMesh(in: laboratory)
                let directory = mesh.nodes[0].stateDirectory
                let files = FileManager.default.enumerator(atPath: directory)?.compactMap { $0 as? String } ?? []
                #expect(!files.isEmpty)
                for file in files {
                    let path = "\(directory)/\(file)"
                    let attributes = try FileManager.default.attributesOfItem(atPath: path)
                    let permissions = try #require(attributes[.posixPermissions] as? Int)
                    #expect(permissions & 0o077 == 0, "\(file) has mode 0\(String(permissions, radix: 8))")
                }
            }
        }
    }
}
