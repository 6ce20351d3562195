import Glibc
import Logging

/// Writes a line per event to standard error.
///
/// Fields may hold what peers sent: control characters and quotes are escaped, so nobody can forge a line.
package struct LineLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    private let levelSwitch: LogLevelSwitch
    private let format: LogFormat

    package init(_ levelSwitch: LogLevelSwitch, format: LogFormat = .text) {
        self.levelSwitch = levelSwitch
        self.format = format
    }

    package var logLevel: Logger.Level {
        get { levelSwitch.level }
        set { levelSwitch.level = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
        let line = format.line(Self.timestamp(), event.level, event.message.description, fields) + "\n"
        line.withCString { _ = write(STDERR_FILENO, $0, strlen($0)) }
    }

    /// UTC, as RFC 3339 has it.
    private static func timestamp() -> String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        let date = [parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday].map(twoDigits).joined(separator: "-")
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map(twoDigits).joined(separator: ":")
        return "\(date)T\(clock)Z"
    }

    private static func twoDigits(_ number: CInt) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }

    static func quoted(_ text: String) -> String {
        if !text.isEmpty, text.utf8.allSatisfy({ needsNoCare($0) && $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "=") }) { return text }
        let escaped = escaped(text)
        let isPlain = escaped == text && !text.isEmpty && !text.unicodeScalars.contains { $0.properties.isWhitespace || $0 == "=" }
        return isPlain ? text : "\"\(escaped)\""
    }

    /// Printable ASCII without quotes and backslashes; nearly all fields are of that.
    private static func needsNoCare(_ byte: UInt8) -> Bool {
        (0x20...0x7e).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// Whatever is not printable, and quotes and backslashes, as `\u{…}` or with a backslash.
    package static func escaped(_ text: String) -> String {
        if text.utf8.allSatisfy(needsNoCare) { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.properties.generalCategory.isPrintable: result.unicodeScalars.append(scalar)
            default: result += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return result
    }
}

extension Unicode.GeneralCategory {
    fileprivate var isPrintable: Bool {
        switch self {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
