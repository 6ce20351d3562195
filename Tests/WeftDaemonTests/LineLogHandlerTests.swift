import Testing

@testable import WeftDaemon

/// What peers send cannot forge a line, a field, or what a terminal shows.
@Suite struct LineLogHandlerTests {
    @Test(arguments: [
        ("plain", "plain"), ("two words", "two words"), ("line\nbreak", "line\\u{a}break"), ("\r", "\\u{d}"), ("\t", "\\u{9}"),
        ("\0", "\\u{0}"),
        ("a\"b", "a\\\"b"), ("a\\b", "a\\\\b"), ("\\u{a}", "\\\\u{a}"), ("\u{1b}[31mred", "\\u{1b}[31mred"), ("\u{9b}2J", "\\u{9b}2J"),
        ("\u{7f}", "\\u{7f}"),
        ("\u{202e}evil", "\\u{202e}evil"), ("\u{2066}", "\\u{2066}"), ("\u{200b}", "\\u{200b}"), ("\u{feff}", "\\u{feff}"),
        ("\u{2028}", "\\u{2028}"),
        ("\u{2029}", "\\u{2029}"), ("\u{85}", "\\u{85}"), ("\u{e000}", "\\u{e000}"), ("\u{fffe}", "\\u{fffe}"), ("\u{e0041}", "\\u{e0041}"),
        ("höst 主机", "höst 主机"),
    ])
    func whatIsNotPrintableIsEscaped(text: String, expected: String) {
        #expect(LineLogHandler.escaped(text) == expected)
    }

    @Test(arguments: [
        ("plain", "plain"), ("", "\"\""), ("two words", "\"two words\""), ("a\"b", "\"a\\\"b\""), ("a=b", "\"a=b\""),
        ("a\u{3000}b", "\"a\u{3000}b\""),
        ("a\u{a0}b", "\"a\u{a0}b\""), ("a \u{301}b", "\"a \u{301}b\""), ("a\nlevel=error", "\"a\\u{a}level=error\""),
        ("[fd00::1]:80", "[fd00::1]:80"),
    ])
    func valuesThatCouldBeMisreadAreQuoted(text: String, expected: String) {
        #expect(Array(LineLogHandler.quoted(text).unicodeScalars) == Array(expected.unicodeScalars))
    }

    /// Every scalar there is: the result has only printable ones, and the first and last can be trusted to be the line's own.
    @Test func noScalarEndsALineOrAField() {
        for value in 0...0x10ffff {
            guard let scalar = Unicode.Scalar(UInt32(value)) else { continue }
            let quoted = LineLogHandler.quoted("a\(scalar)b").unicodeScalars
            let mustGo = value < 0x20 || (0x7f...0x9f).contains(value) || scalar.properties.isBidiControl
            let mustBeHeld = scalar.properties.isWhitespace || scalar == "="
            if mustGo, quoted.contains(scalar) { Issue.record("U+\(String(value, radix: 16)) is written as it is") }
            if mustBeHeld, quoted.first != "\"" || quoted.last != "\"" { Issue.record("U+\(String(value, radix: 16)) ends a field") }
        }
    }
}
