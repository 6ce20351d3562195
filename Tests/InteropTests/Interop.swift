import Foundation

/// A kind of foreign peer, and where it is: see docs/INTEROP.md.
struct Interop: Sendable {
    static let go = Interop(variable: "WEFT_INTEROP_PYTHON", folder: ".venv-interop", script: "gopeer.py")
    static let python = Interop(variable: "WEFT_INTEROP_PY_PYTHON", folder: ".venv-interop-py", script: "pypeer.py")
    static let openSSL = Interop(variable: "WEFT_INTEROP_PYTHON", folder: ".venv-interop", script: "tlsclient.py")

    private static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private let variable: String
    private let folder: String
    private let file: String

    private init(variable: String, folder: String, script: String) {
        self.variable = variable
        self.folder = folder
        file = script
    }

    var hint: String { "needs a foreign libp2p: run interop/setup, or name its Python in \(variable)" }

    /// The Python that has the module; there or not.
    var interpreter: String {
        ProcessInfo.processInfo.environment[variable] ?? Self.packageRoot.appending(path: "\(folder)/bin/python").path
    }

    var script: String { Self.packageRoot.appending(path: "interop/\(file)").path }

    var isThere: Bool { FileManager.default.isExecutableFile(atPath: interpreter) }

    /// Under CI the tests run in any case, so that there a foreign peer that is missing is a failure.
    var isWanted: Bool { ProcessInfo.processInfo.environment["CI"] == "true" || isThere }
}

struct InteropError: Error, CustomStringConvertible {
    let description: String
}
