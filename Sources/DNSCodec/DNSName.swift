/// A domain name: labels of 1 to 63 bytes, at most 255 bytes on the wire (RFC 1035 section 2.3.4).
///
/// Two names that differ in the case of ASCII letters alone are equal (RFC 4343); each keeps its own spelling.
package struct DNSName: Sendable {
    package static let maximumLabelLength = 63
    package static let maximumWireLength = 255

    /// As they were spelled, without the root's empty one.
    package let labels: [[UInt8]]
    /// The same in lower case.
    let folded: [[UInt8]]

    /// `nil` if a label is empty or too long, or all together are.
    package init?(labels: [[UInt8]]) {
        guard labels.allSatisfy({ (1...Self.maximumLabelLength).contains($0.count) }), Self.wireLength(of: labels) <= Self.maximumWireLength
        else { return nil }
        self.labels = labels
        folded = labels.map { $0.map(\.lowercased) }
    }

    /// For names that are spelled out here, in lower case and short.
    init(checked labels: [String]) {
        self.labels = labels.map { Array($0.utf8) }
        folded = self.labels
    }

    private static func wireLength(of labels: [[UInt8]]) -> Int {
        labels.reduce(1) { $0 + 1 + $1.count }
    }

    /// What stands before `zone`, in lower case: empty for the zone's own name, `nil` for a name that is not in it.
    func labels(below zone: DNSName) -> ArraySlice<[UInt8]>? {
        guard folded.count >= zone.folded.count, folded.suffix(zone.folded.count).elementsEqual(zone.folded) else { return nil }
        return folded.dropLast(zone.folded.count)
    }

    /// The name one label longer; `nil` if that is too long.
    func child(_ label: [UInt8]) -> DNSName? {
        DNSName(labels: [label] + labels)
    }
}

extension DNSName: Hashable {
    package static func == (left: DNSName, right: DNSName) -> Bool {
        left.folded == right.folded
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(folded)
    }
}

extension DNSName: LosslessStringConvertible {
    /// From letters, digits, hyphens and underscores between dots, with a dot at the end or without.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.maximumWireLength, bytes.allSatisfy(Self.isPlain) else { return nil }
        let relative = bytes.last == UInt8(ascii: ".") ? bytes.dropLast() : bytes[...]
        let labels = relative.isEmpty ? [] : relative.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        self.init(labels: labels.map { Array($0) })
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        HostLabel.isAllowed(byte.lowercased) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
    }

    /// As in a zone file (RFC 1035 section 5.1), with a dot at the end; bytes that are no plain letters are written as `\DDD`.
    package var description: String {
        labels.isEmpty ? "." : labels.map { $0.map(Self.escaped).joined() + "." }.joined()
    }

    private static func escaped(_ byte: UInt8) -> String {
        if isPlain(byte), byte != UInt8(ascii: ".") { return String(UnicodeScalar(byte)) }
        let digits = String(byte)
        return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
    }
}

/// The name of a host: one label of 1 to 63 bytes out of a–z, 0–9 and, inside, the hyphen (RFC 1123 section 2.1).
///
/// Whoever holds one may write it wherever a name is written: it has nothing in it that could end a line or a field.
package struct HostLabel: Hashable, Sendable {
    package let text: String

    package init?(_ text: String) {
        let bytes = text.utf8
        guard (1...DNSName.maximumLabelLength).contains(bytes.count), bytes.allSatisfy(Self.isAllowed), bytes.first != Self.hyphen,
            bytes.last != Self.hyphen
        else { return nil }
        self.text = text
    }

    private static let hyphen = UInt8(ascii: "-")

    static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), hyphen: true
        default: false
        }
    }
}

extension UInt8 {
    /// ASCII letters alone change (RFC 4343 section 3).
    var lowercased: UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
    }
}
