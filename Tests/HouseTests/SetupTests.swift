import Foundation
import Testing

/// `scripts/setup` with stand-ins for Debian's tools: what it finds missing is what it asks to be installed.
@Suite struct SetupTests {
    /// - Parameter status: what dpkg-query says of every package but make, which is there.
    /// - Returns: what apt-get was called with.
    private func installed(whenOthersAre status: String) throws -> [String] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "weft-setup-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let scripts = [
            "dpkg-query": "for last; do :; done; if [ \"$last\" = make ]; then echo installed; else \(status); fi",
            "apt-get": "echo \"$@\" >>\(folder.path)/calls", "id": "echo 0", "swift": ":",
        ]
        for (name, text) in scripts {
            let file = folder.appending(path: name)
            try "#!/bin/sh\n\(text)\n".write(to: file, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        }
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["\(House.root)/scripts/setup", "demo"]
        process.environment = ["PATH": "\(folder.path):/usr/bin:/bin"]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let calls = (try? String(contentsOf: folder.appending(path: "calls"), encoding: .utf8)) ?? ""
        return calls.split(separator: "\n").filter { $0.hasPrefix("install") }.flatMap { $0.split(separator: " ").map(String.init) }
    }

    /// A package that another one mentions is known to dpkg, and "not-installed".
    @Test(arguments: ["exit 1", "echo not-installed", "echo config-files", "echo half-installed"])
    func whatIsNotInstalledIsInstalled(status: String) throws {
        let packages = try installed(whenOthersAre: status)
        #expect(packages.contains("iproute2") && packages.contains("libsodium-dev"))
        #expect(!packages.contains("make"))
    }

    @Test(arguments: ["echo installed", "echo not-installed; echo installed"]) func whatIsThereIsLeftAlone(status: String) throws {
        #expect(try installed(whenOthersAre: status).isEmpty)
    }
}
