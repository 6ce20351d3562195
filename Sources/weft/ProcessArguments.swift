import Glibc

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

    /// Where the secret part of an argument begins, as a byte offset.
    static func secretStart(in text: String, after previous: String) -> Int? {
        if secretOptions.contains(previous) { return 0 }
        let bytes = Array(text.utf8)
        if let equals = bytes.firstIndex(of: UInt8(ascii: "=")),
            secretOptions.contains(String(decoding: bytes[..<equals], as: UTF8.self))
        {
            return equals + 1
        }
        let mark = Array("weft1".utf8)
        return bytes.indices.first { start in
            bytes[start...].prefix(mark.count).map { $0 | 0x20 }.elementsEqual(mark.map { $0 | 0x20 }) && bytes.count - start > 20
        }
    }
}
