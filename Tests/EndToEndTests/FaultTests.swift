import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    /// Machines that go down and come up again, some or all at once.
    @Suite(.serialized) struct FaultTests {
        private func addresses(_ nodes: [Node]) throws -> [[String]] {
            try nodes.map { try #require($0.status(), "\($0.name)").node.addresses }
        }

        private func kill(_ nodes: some Sequence<Node>) async throws {
            for node in nodes { node.process.signal(SIGKILL) }
            for node in nodes { _ = try await node.waitUntilEnded(within: .seconds(5)) }
        }

        /// Its token is of no use any more, and is not given.
        private func startAgain(_ nodes: some Sequence<Node>) throws {
            for node in nodes { try node.startAgain { $0.join = nil } }
        }

        @Test func halfOfTheNodesAreKilledAndComeBack() async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                for _ in 0..<3 { try mesh.addNode() }
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                let before = try addresses(mesh.nodes)
                try await kill(mesh.nodes[2...])
                try startAgain(mesh.nodes[2...])
                try await mesh.waitForFullMesh(within: .seconds(40))
                #expect(try addresses(mesh.nodes) == before)
                try await mesh.waitUntilAllKnowEachOther(within: EndToEnd.convergence)
            }
        }

        @Test(arguments: [SIGTERM, SIGKILL]) func allNodesRestartAtOnce(signal: Int32) async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                for _ in 0..<3 { try mesh.addNode() }
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                let before = try addresses(mesh.nodes)
                try await mesh.nodes[3].waitUntil("has saved whom it knows", within: .seconds(5)) { $0.node.uptimeSeconds > 2 }
                for node in mesh.nodes { node.process.signal(signal) }
                for node in mesh.nodes { _ = try await node.waitUntilEnded(within: .seconds(5)) }
                try startAgain(mesh.nodes)
                try await mesh.waitForFullMesh(within: .seconds(40))
                #expect(try addresses(mesh.nodes) == before)
                try await mesh.waitUntilAllKnowEachOther(within: EndToEnd.convergence)
            }
        }

        /// The token of all named it alone.
        @Test func theFirstNodeIsGoneForEver() async throws {
            try await Laboratory.with { laboratory in
                var mesh = try await TestMesh(in: laboratory)
                for _ in 0..<2 { try mesh.addNode() }
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                let (first, second, third) = (mesh.nodes[0], mesh.nodes[1], mesh.nodes[2])
                let before = try addresses([second, third])
                try await third.waitUntil("has saved whom it knows", within: .seconds(5)) { $0.node.uptimeSeconds > 2 }
                try await kill([first])
                #expect(third.process.terminate(waitingAtMost: .seconds(5)) == .exited(0))
                try startAgain([third])
                try await third.waitForPing(of: second, within: .seconds(10))
                try await second.waitForPing(of: third, within: .seconds(20))
                #expect(try addresses([second, third]) == before)
            }
        }

        /// A node that was killed is survived for a moment by its WireGuard program.
        @Test func aPortThatIsSoonFreeIsWaitedFor() async throws {
            try await Laboratory.with { laboratory in
                var settings = Node.Settings()
                settings.wrapper = ["bash", "-c", #"exec 3< <(python3 -c "$0"); read -r <&3; exec "$@""#, Self.survivor]
                let node = try Node("node-1", on: try laboratory.addHost("host-1"), in: laboratory, settings: settings)
                try await node.waitUntilUp()
            }
        }

        /// Says when it has the port, and ends a little later.
        private static let survivor = """
            import socket, time
            link = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            link.bind(("::", 10042))
            print(flush=True)
            time.sleep(0.3)
            """

        /// As a machine that boots: its lease comes while the node starts. What it tells others is the address that it has then.
        @Test func aNodeMovesWhileItStarts() async throws {
            try await Laboratory.with { laboratory in
                let program = try HeldProgram(try #require(Tools.find("wireguard-go")), in: laboratory)
                var settings = Node.Settings()
                settings.wireguard = "wireguard-go"
                settings.environment["PATH"] = "\(program.folder):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"
                let first = try Node("node-1", on: try laboratory.addHost("host-1"), in: laboratory, settings: settings)
                try await first.waitUntilSays(#/create interface/#, within: .seconds(5))
                try first.host.move(toHost: 200)
                try program.release()
                try await first.waitUntilUp()

                settings.join = try first.token()
                let second = try Node("node-2", on: try laboratory.addHost("host-2"), in: laboratory, settings: settings)
                try await second.waitForPing(of: first, within: EndToEnd.convergence)
            }
        }
    }
}

/// A program that does nothing until it is released; its version it tells at once.
private struct HeldProgram {
    let folder: String

    init(_ path: String, in laboratory: Laboratory) throws {
        folder = "\(laboratory.directory)/held"
        let script = """
            #!/bin/sh
            until [ "$1" != -f ] || [ -e \(folder)/is-released ]; do sleep 0.02; done
            exec \(path) "$@"
            """
        let name = URL(fileURLWithPath: path).lastPathComponent
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(script.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        try #require(chmod("\(folder)/\(name)", 0o755) == 0)
    }

    func release() throws {
        try Data().write(to: URL(fileURLWithPath: "\(folder)/is-released"))
    }
}
