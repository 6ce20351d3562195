import FoundationEssentials
import Logging
import Testing

@testable import WeftDaemon

@Suite struct LogFormatTests {
    private func line(_ format: LogFormat, _ level: Logger.Level = .warning, _ fields: [(key: String, value: String)] = [("peer", "a b")])
        -> String
    {
        format.line("2026-01-02T03:04:05Z", level, "it is", fields)
    }

    @Test func textHasTimeAndLevel() {
        #expect(line(.text) == "2026-01-02T03:04:05Z warning it is peer=\"a b\"")
        #expect(line(.text, .info, []) == "2026-01-02T03:04:05Z info    it is")
    }

    @Test(arguments: zip(Logger.Level.allCases, [7, 7, 6, 5, 4, 3, 2])) func theJournalGetsItsPriority(level: Logger.Level, priority: Int) {
        #expect(line(.journal, level) == "<\(priority)>it is peer=\"a b\"")
    }

    @Test func jsonIsAnObjectOnALine() throws {
        #expect(line(.json) == #"{"time":"2026-01-02T03:04:05Z","level":"warning","message":"it is","peer":"a b"}"#)
    }

    /// What a peer calls itself can be anything.
    @Test(arguments: ["\"", "\\", "\n", "\r\u{0}\u{7f}", "\u{2028}\u{202e}", "é 日本 😀", "\u{1b}[31m", String(repeating: "\"", count: 1000)])
    func hostileTextStaysInItsField(text: String) throws {
        let line = line(.json, .info, [("agent", text), ("peer", "x")])
        #expect(line.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control && $0.properties.generalCategory != .format })
        #expect(!line.contains { $0.isNewline })
        let fields = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
        #expect(fields["agent"] == text)
        #expect(fields["peer"] == "x")
        #expect(fields.count == 5)
    }
}
