import Foundation

/// Where the foreign peers are: see docs/INTEROP.md.
enum Interop {
    static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let hint: String = "needs a foreign libp2p: run interop/setup, or name its Python in WEFT_INTEROP_PYTHON"

    /// The Python that has the module; there or not.
    static var python: String {
        ProcessInfo.processInfo.environment["WEFT_INTEROP_PYTHON"] ?? packageRoot.appending(path: ".venv-interop/bin/python").path
    }

    static var script: String { packageRoot.appending(path: "interop/gopeer.py").path }

    /// Under CI the tests run in any case, so that there a foreign peer that is missing is a failure.
    static var isWanted: Bool {
        ProcessInfo.processInfo.environment["CI"] == "true" || FileManager.default.isExecutableFile(atPath: python)
    }
}

struct InteropError: Error, CustomStringConvertible {
    let description: String
}
