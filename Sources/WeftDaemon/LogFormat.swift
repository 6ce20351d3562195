import Logging

/// How an event of the log is written.
package enum LogFormat: String, CaseIterable, Sendable {
    /// For people: time, level, message, fields.
    case text
    /// For systemd's journal, which knows the time: the level as it wants it in front (sd-daemon(3)), message, fields.
    case journal
    /// For programs: an object on a line (RFC 8259), with the fields beside `time`, `level` and `message`.
    case json

    func line(_ time: String, _ level: Logger.Level, _ message: String, _ fields: [(key: String, value: String)]) -> String {
        switch self {
        case .text: "\(time) \(Self.padded(level.rawValue)) \(Self.plain(message, fields))"
        case .journal: "<\(level.journalPriority)>\(Self.plain(message, fields))"
        case .json: Self.object([("time", time), ("level", level.rawValue), ("message", message)] + fields)
        }
    }

    private static func plain(_ message: String, _ fields: [(key: String, value: String)]) -> String {
        fields.reduce(LineLogHandler.escaped(message)) { "\($0) \($1.key)=\(LineLogHandler.quoted($1.value))" }
    }

    private static func padded(_ level: String) -> String {
        level + String(repeating: " ", count: max(0, 7 - level.count))
    }

    private static func object(_ fields: [(key: String, value: String)]) -> String {
        "{\(fields.map { "\(quoted($0.key)):\(quoted($0.value))" }.joined(separator: ","))}"
    }

    /// A string of JSON, in ASCII but for letters: nothing in it can end a line, or reorder it.
    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case " "..."~": "\(scalar)"
            case _ where scalar.properties.isAlphabetic: "\(scalar)"
            default: scalar.utf16.map { "\\u" + hexadecimal($0) }.joined()
            }
        }
        return "\"\(escaped.joined())\""
    }

    private static func hexadecimal(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}

extension Logger.Level {
    /// As syslog(3) numbers them.
    fileprivate var journalPriority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
