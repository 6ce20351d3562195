import Testing

/// docs/LOGGING.md is a dictionary: every field and every message that the sources log is in it.
@Suite struct LogFieldTests {
    /// Files that write log lines.
    private let sources = House.sources.filter { file in
        file.target == "WeftDaemon" && file.lines.contains { $0.contains("etadata") }
    }

    /// Keys of metadata literals: `["peer": "\(peer)", …]`, on lines that make metadata.
    private var keys: Set<String> {
        let lines = sources.flatMap(\.lines)
        let literals = lines.flatMap { $0.matches(of: #/[\[,]\s*"([a-z_]+)": "\\\(/#).map { String($0.1) } }
        return Set(literals)
    }

    private var messages: Set<String> {
        let lines = sources.flatMap(\.lines)
        let calls = lines.flatMap {
            $0.matches(of: #/log\.(?:trace|debug|info|notice|warning|error|critical)\("([^"]+)"/#).map { String($0.1) }
        }
        let worded = House.sources.filter { $0.path.hasSuffix("/Wording.swift") }.flatMap(\.lines)
            .compactMap { $0.firstMatch(of: #/^\s*case \.\w+: "([^"\\]+)"$/#).map { String($0.1) } }
        return Set(calls + worded)
    }

    @Test func everyFieldIsInTheDictionary() throws {
        let document = try House.text(of: "docs/LOGGING.md")
        #expect(keys.isSuperset(of: ["peer", "reason", "mesh", "target", "replacement"]))
        for key in keys.sorted() { #expect(document.contains("| `\(key)` |"), "the field \(key) is not in docs/LOGGING.md") }
    }

    @Test func everyMessageIsInTheDictionary() throws {
        let document = try House.text(of: "docs/LOGGING.md")
        #expect(messages.isSuperset(of: ["peer connected", "member joined", "our name is ours again"]))
        for message in messages.sorted() { #expect(document.contains("| \(message) |"), "\"\(message)\" is not in docs/LOGGING.md") }
    }

    @Test func theDictionaryHasNothingThatIsNotLogged() throws {
        let document = try House.text(of: "docs/LOGGING.md")
        let documented = Set(document.matches(of: #/(?m)^\| `([a-z_]+)` \|/#).map { String($0.1) })
        #expect(documented.subtracting(keys).isEmpty)
    }
}
