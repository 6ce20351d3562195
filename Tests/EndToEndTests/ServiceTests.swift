import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    /// As a service manager runs it.
    @Suite(.serialized) struct ServiceTests {
        @Test func sighupReadsTheSettingsAgain() async throws {
            try await Laboratory.with { laboratory in
                let file = "\(laboratory.directory)/weft.yaml"
                func write(_ text: String) throws {
                    try text.write(toFile: file, atomically: true, encoding: .utf8)
                    try #require(chmod(file, 0o644) == 0)
                }
                try write("log-level: info\nname: of-file\n")
                var settings = Node.Settings()
                settings.logLevel = nil
                settings.environment["WEFT_CONFIG"] = file
                var mesh = try await TestMesh(in: laboratory, first: settings)
                let node = mesh.nodes[0]

                try write("log-level: debug\nadvertise-addr: [203.0.113.7]\ncluster-port: 7\n")
                node.process.signal(SIGHUP)
                try await node.waitUntilSays(#/settings read again/#, within: .seconds(5))
                #expect(node.log.contains(#/setting changed, restart to apply it.*setting=cluster-port/#))
                #expect(!node.log.contains("setting=advertise-addr") && !node.log.contains("setting=log-level"))
                try await eventually("the token names the new address", within: .seconds(5)) { try node.token() != mesh.token }
                try mesh.addNode()
                try await node.waitUntilSays(#/ debug   peer identified/#, within: .seconds(10))

                try write("log-lvel: info\n")
                node.process.signal(SIGHUP)
                try await node.waitUntilSays(
                    #/settings not read again.*weft.yaml:1: log-lvel: no such setting .did you mean log-level/#, within: .seconds(5))
                #expect(node.status() != nil, "it goes on")
            }
        }

        /// sd_notify(3): ready when it answers, then alive, then stopping.
        @Test func theServiceManagerIsTold() async throws {
            try await Laboratory.with { laboratory in
                let manager = try NotificationSocket(at: "\(laboratory.directory)/notify")
                var settings = Node.Settings()
                settings.environment["NOTIFY_SOCKET"] = manager.path
                settings.environment["WATCHDOG_USEC"] = "200000"
                let mesh = try await TestMesh(in: laboratory, first: settings)
                try await manager.waitFor("READY=1")
                try await manager.waitFor("WATCHDOG=1")
                mesh.nodes[0].process.signal(SIGHUP)
                try await manager.waitFor("RELOADING=1")
                mesh.nodes[0].process.signal(SIGTERM)
                try await manager.waitFor("STOPPING=1")
            }
        }
    }
}

/// A service manager's end of sd_notify(3). To be used by one task.
private final class NotificationSocket {
    let path: String
    private let descriptor: CInt
    private var received: [String] = []

    init(at path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let isBound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) == 0 }
        }
        guard isBound, chmod(path, 0o777) == 0 else { throw LaboratoryError("no socket at \(path)") }
    }

    deinit { close(descriptor) }

    func waitFor(_ message: String) async throws {
        try await eventually("the service manager hears \(message)", within: .seconds(10), details: { "heard: \(received)" }) {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 {
                received.append(String(decoding: buffer[..<count], as: UTF8.self))
            }
            return received.contains { $0.split(separator: "\n").contains { $0 == message } }
        }
    }
}
