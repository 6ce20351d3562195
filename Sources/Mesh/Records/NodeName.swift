/// The name of a node: one DNS label in lower case (RFC 1123 section 2.1), 1 to 63 characters out of a–z, 0–9 and hyphen,
/// with no hyphen at either end.
package struct NodeName: Hashable, Sendable {
    package static let maximumLength = 63
    /// The name of a host whose own name has no usable character.
    package static let fallback = NodeName(unchecked: "node")

    package let text: String

    /// `nil` unless `text` is exactly such a label.
    package init?(_ text: String) {
        guard (1...Self.maximumLength).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed),
            text.utf8.first != Self.hyphen, text.utf8.last != Self.hyphen
        else { return nil }
        self.text = text
    }

    /// Makes a name of whatever a host calls itself: its first label in lower case, foreign characters turned into hyphens.
    package init(hostname: String) {
        let label = hostname.utf8.prefix(256).prefix { $0 != UInt8(ascii: ".") }
        let letters = label.map(Self.sanitised).drop { $0 == Self.hyphen }.prefix(Self.maximumLength)
        let end = letters.lastIndex { $0 != Self.hyphen }.map { $0 + 1 } ?? letters.startIndex
        self = NodeName(String(decoding: letters[..<end], as: UTF8.self)) ?? .fallback
    }

    /// For names that were put together here.
    init(unchecked text: String) {
        self.text = text
    }

    private static let hyphen = UInt8(ascii: "-")

    private static func isAllowed(_ character: UInt8) -> Bool {
        switch character {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), hyphen: true
        default: false
        }
    }

    private static func sanitised(_ character: UInt8) -> UInt8 {
        let isUpperCase = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(character)
        let lower = isUpperCase ? character | 0x20 : character
        return isAllowed(lower) ? lower : hyphen
    }
}

extension NodeName: Comparable {
    package static func < (left: NodeName, right: NodeName) -> Bool { left.text < right.text }
}

extension NodeName: CustomStringConvertible {
    package var description: String { text }
}
