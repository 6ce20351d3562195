/// A hosts file as hosts(5) and glibc's `nss_files` read it.
enum HostsText {
    /// Each with its end of line, if it has one.
    static func lines(of file: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        while start < file.count {
            let end = file[start...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? file.count
            lines.append(file[start..<end])
            start = end
        }
        return lines
    }

    /// Without its end of line, and without white space before that: an editor may have left a carriage return there.
    static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        line.prefix((line.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? line.startIndex) - line.startIndex)
    }

    static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0d).contains(byte)
    }

    /// Which of the names the file gives to some address, blocks of other nodes left aside: theirs are as good as ours.
    static func names(in file: [UInt8], among wanted: Set<String>) -> Set<String> {
        let wantedBytes = Set(wanted.map { Array($0.utf8)[...] })
        var found: Set<String> = []
        var isInBlock = false
        for line in lines(of: file) {
            if line.starts(with: "# BEGIN weft ".utf8) { isInBlock = true }
            if line.starts(with: "# END weft ".utf8) { isInBlock = false }
            guard !isInBlock else { continue }
            let fields = line.prefix { $0 != UInt8(ascii: "#") }.split(whereSeparator: isSpace)
            for name in fields.dropFirst() {
                let name = name.map(lowercased)[...]
                if wantedBytes.contains(name) { found.insert(String(decoding: name, as: UTF8.self)) }
            }
        }
        return found
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
