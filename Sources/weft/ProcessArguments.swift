import Glibc
import Mesh

/// The command line as other users see it in `ps`.
enum ProcessArguments {
    private static let secretOptions = ["--cluster-key", "--clusterkey"]

    /// Overwrites join tokens and cluster keys in the process's own argument memory, which is what `ps` reads.
    ///
    /// Until this has run they can be seen for some milliseconds: `WEFT_JOIN` and `WEFT_CLUSTER_KEY` in the environment never are.
    static func hideSecrets() {
        var previous = ""
        for index in 0..<Int(CommandLine.argc) {
            guard let argument = CommandLine.unsafeArgv[index] else { return }
            let text = String(cString: argument)
            if let start = secretStart(in: text, after: previous) {
                memset(argument + start, Int32(UInt8(ascii: "*")), strlen(argument) - start)
            }
            previous = text
        }
    }

    /// The secret parts of arguments.
    static func secrets(in arguments: [String]) -> [String] {
        zip(arguments, [""] + arguments).compactMap { text, previous in
            secretStart(in: text, after: previous).map { String(decoding: text.utf8.dropFirst($0), as: UTF8.self) }
        }
    }

    /// Where the secret part of an argument begins, as a byte offset. A key is known by its form too, wherever it was put by mistake.
    static func secretStart(in text: String, after previous: String) -> Int? {
        if secretOptions.contains(previous) { return 0 }
        let bytes = Array(text.utf8)
        let equals = text.hasPrefix("-") ? bytes.firstIndex(of: UInt8(ascii: "=")) : nil
        if let equals, secretOptions.contains(String(decoding: bytes[..<equals], as: UTF8.self)) { return equals + 1 }
        let value = equals.map { $0 + 1 } ?? 0
        if MeshSecret(clusterKey: String(decoding: bytes[value...], as: UTF8.self)) != nil { return value }
        let mark = Array("weft1".utf8)
        return bytes.indices.first { start in
            bytes[start...].prefix(mark.count).map { $0 | 0x20 }.elementsEqual(mark.map { $0 | 0x20 }) && bytes.count - start > 20
        }
    }
}
