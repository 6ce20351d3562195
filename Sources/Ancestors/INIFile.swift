/// Sections of keys and values, as gopkg.in/ini.v1 writes and reads them: a later value takes the place of an earlier one.
struct INIFile {
    private var sections: [String: [String: String]] = [:]

    init(_ text: String) throws(AncestorFileError) {
        var section = ""
        // A file from elsewhere may end its lines with CR and LF, which is one character.
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = Self.trimmed(line)
            guard let first = line.first, first != "#", first != ";" else { continue }
            if first == "[", line.last == "]" {
                section = String(Self.trimmed(line.dropFirst().dropLast()))
                sections[section] = sections[section] ?? [:]
            } else if let end = line.firstIndex(where: { $0 == "=" || $0 == ":" }), end > line.startIndex {
                sections[section, default: [:]][String(Self.trimmed(line[..<end]))] = Self.value(line[line.index(after: end)...])
            } else {
                throw .notUnderstood(line: index + 1)
            }
        }
    }

    func hasSection(_ name: String) -> Bool { sections[name] != nil }

    /// What stands there; `nil` also if nothing does.
    subscript(section: String, key: String) -> String? {
        sections[section]?[key].flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func value(_ text: Substring) -> String {
        let text = trimmed(text)
        for quote in ["\"\"\"", "\"", "`", "'"] where text.hasPrefix(quote) {
            let inner = text.dropFirst(quote.count)
            if let end = inner.firstRange(of: quote) { return String(inner[..<end.lowerBound]) }
        }
        // A comment behind a value begins with a space before its sign.
        var end = text.startIndex
        while end < text.endIndex {
            if text[end] == "#" || text[end] == ";", end > text.startIndex, text[text.index(before: end)].isWhitespace { break }
            end = text.index(after: end)
        }
        return String(trimmed(text[..<end]))
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
