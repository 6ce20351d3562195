/// The text format for metrics, version 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/
enum ExpositionText {
    /// The longest value of a label, in bytes of UTF-8; the rest is cut.
    static let maximumLabelValueBytes = 256
    /// What a name, or a label's name, is cut to, in bytes.
    static let maximumNameBytes = 128

    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`, with underscores for what may not be in a name of a metric.
    static func name(_ text: String) -> String {
        identifier(text, allowing: UInt8(ascii: ":"))
    }

    /// `{a="1",b="2"}` in the order of the names, or nothing. Of two labels that would have one name the first one is kept.
    static func labels(_ dimensions: [(String, String)]) -> String {
        var pairs: [(name: String, value: String)] = []
        for (name, value) in dimensions {
            let name = identifier(name, allowing: nil)
            if !pairs.contains(where: { $0.name == name }) { pairs.append((name, value)) }
        }
        guard !pairs.isEmpty else { return "" }
        pairs.sort { $0.name < $1.name }
        return "{" + pairs.map { "\($0.name)=\"\(labelValue($0.value))\"" }.joined(separator: ",") + "}"
    }

    /// Between quotes: backslashes, quotes and newlines are escaped. Other control characters, which the format has no words for (a NUL
    /// ends the text for Prometheus's reader), become U+FFFD.
    static func labelValue(_ text: String) -> String {
        var result = ""
        var room = maximumLabelValueBytes
        for scalar in text.unicodeScalars {
            room -= UTF8.width(scalar)
            guard room >= 0 else { break }
            switch scalar {
            case "\\": result += #"\\"#
            case "\"": result += #"\""#
            case "\n": result += #"\n"#
            case _ where scalar.properties.generalCategory == .control: result += "\u{fffd}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// As `labelValue`, where quotes stand for themselves.
    static func help(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += #"\\"#
            case "\n": result += #"\n"#
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Whole numbers without a point, as far as a `Double` is exact; what is none as Go reads it.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value.magnitude < 0x1p53, value == value.rounded(.towardZero) { return String(Int64(value)) }
        return value.description
    }

    static func appendSample(_ name: String, _ labels: String, _ value: Double, to text: inout String) {
        text += name
        text += labels
        text += " "
        text += number(value)
        text += "\n"
    }

    private static func identifier(_ text: String, allowing extra: UInt8?) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8.prefix(maximumNameBytes) {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if bytes.isEmpty { bytes.append(UInt8(ascii: "_")) }
                bytes.append(byte)
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), extra:
                bytes.append(byte)
            default:
                bytes.append(UInt8(ascii: "_"))
            }
        }
        return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
    }
}
