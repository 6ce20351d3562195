import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    /// What a disk, a crash or a user does to the state folder.
    @Suite(.serialized) struct StateTests {
        /// One node without an interface: it is about its files.
        private func withNode(_ body: (Node) async throws -> Void) async throws {
            try await Laboratory.with { laboratory in
                var settings = Node.Settings()
                settings.wireguard = "none"
                let node = try Node("node-1", on: try laboratory.addHost("host-1"), in: laboratory, settings: settings)
                try await node.waitUntilUp()
                try await body(node)
            }
        }

        private func stop(_ node: Node) {
            #expect(node.process.terminate(waitingAtMost: .seconds(5)) == .exited(0))
        }

        private func cut(_ file: String, of node: Node, to length: Int) throws {
            let path = "\(node.stateDirectory)/\(file)"
            guard truncate(path, off_t(length)) == 0 else { throw LaboratoryError("\(path): \(String(cString: strerror(errno)))") }
        }

        private func contents(_ node: Node, _ file: String = "state.json") throws -> Data {
            try #require(FileManager.default.contents(atPath: "\(node.stateDirectory)/\(file)"), "\(file)")
        }

        @Test func aDamagedStateFileIsNoMatter() async throws {
            try await withNode { node in
                let (before, size) = (try #require(node.status()).node, try contents(node).count)
                for length in [0, 1, size / 2, size - 1] {
                    stop(node)
                    try cut("state.json", of: node, to: length)
                    try node.startAgain()
                    #expect(try await node.waitUntilUp().node.peerID == before.peerID, "length \(length)")
                    #expect(node.log.contains(#/damaged and set aside.*path=\S*state\.json\.damaged-/#), "length \(length)")
                    #expect(try contents(node).count == size, "length \(length)")
                }
                stop(node)
                try node.startAgain()
                try await node.waitUntilUp()
                #expect(!node.log.contains("damaged"), "it is mended")
            }
        }

        /// Also at the next try, as a service manager makes it.
        @Test func twoDamagedStateFilesAreRefusedAndKept() async throws {
            try await withNode { node in
                let (before, whole) = (try #require(node.status()).node, try contents(node))
                stop(node)
                for file in ["state.json", "state.json.copy"] { try cut(file, of: node, to: whole.count / 2) }
                for attempt in 1...2 {
                    try node.startAgain()
                    #expect(try await node.waitUntilEnded(within: EndToEnd.refusal) == .exited(1), "attempt \(attempt)")
                    #expect(node.process.errors.contains(#/was damaged.*state\.json\.damaged-1.*backup.*--init/#), "\(node.process.errors)")
                    #expect(try contents(node, "state.json.damaged-1") == whole.prefix(whole.count / 2))
                }
                try whole.write(to: URL(filePath: "\(node.stateDirectory)/state.json"))  // out of a backup
                try node.startAgain()
                #expect(try await node.waitUntilUp().node.peerID == before.peerID)
            }
        }

        /// Who the others are it learns anew, by the token.
        @Test(arguments: [0.0, 0.5]) func aDamagedListOfMembersIsNoMatter(part: Double) async throws {
            try await Laboratory.with { laboratory in
                var first = Node.Settings()
                first.wireguard = "none"
                var mesh = try await TestMesh(in: laboratory, first: first)
                let second = try mesh.addNode { $0.wireguard = "none" }
                try await mesh.waitUntilAllKnowEachOther(within: EndToEnd.convergence)
                let before = try #require(second.status()).node
                stop(second)
                try cut("members", of: second, to: Int(Double(try contents(second, "members").count) * part))
                try second.startAgain()
                try await mesh.waitUntilAllKnowEachOther(within: EndToEnd.convergence)
                let after = try #require(second.status()).node
                #expect(after.peerID == before.peerID && after.addresses == before.addresses)
            }
        }

        // MARK: Starting over

        @Test(arguments: ["\n", "n\n", "yesterday\n", "\u{4}"]) func whoDoesNotSayYesKeepsTheNode(answer: String) async throws {
            try await withNode { node in
                stop(node)
                let (terminal, before) = (try LabTerminal(), try contents(node))
                try node.startAgain {
                    $0.arguments = ["--init"]
                    $0.terminal = terminal
                }
                try await node.waitUntilSays(#/holds node \S+ in mesh \S+, which knows 0 other members/#, within: .seconds(5))
                try await node.waitUntilSays(#/Start over\? \[y/N\] $/#, within: .seconds(5))
                #expect(node.process.poll() == nil, "it waits")
                terminal.type(answer)
                #expect(try await node.waitUntilEnded(within: .seconds(5)) == .exited(1))
                #expect(node.process.errors.contains("nothing was changed"))
                #expect(try contents(node) == before)
            }
        }

        @Test func whoSaysYesStartsOver() async throws {
            try await withNode { node in
                let (before, terminal) = (try #require(node.status()).node, try LabTerminal())
                stop(node)
                try node.startAgain {
                    $0.arguments = ["--init"]
                    $0.terminal = terminal
                }
                terminal.type("y\n")
                #expect(try await node.waitUntilUp().node.peerID != before.peerID)
            }
        }

        @Test(arguments: [true, false]) func aScriptIsNotAsked(hasTerminal: Bool) async throws {
            try await withNode { node in
                let before = try #require(node.status()).node
                stop(node)
                let terminal = try LabTerminal()
                try node.startAgain {
                    $0.arguments = hasTerminal ? ["--init", "--yes"] : ["--init"]
                    $0.terminal = hasTerminal ? terminal : nil
                }
                #expect(try await node.waitUntilUp().node.peerID != before.peerID)
                #expect(!node.log.contains("Start over?"))
            }
        }

        @Test func nothingToLoseIsNoQuestion() async throws {
            try await Laboratory.with { laboratory in
                var settings = Node.Settings()
                settings.wireguard = "none"
                settings.arguments = ["--init"]
                settings.terminal = try LabTerminal()
                let node = try Node("node-1", on: try laboratory.addHost("host-1"), in: laboratory, settings: settings)
                try await node.waitUntilUp()
            }
        }
    }
}
