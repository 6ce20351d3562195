extension IPAddress: CustomStringConvertible {
    /// Dotted quad, or the canonical text of RFC 5952.
    package var description: String {
        family == .ipv4 ? bytes.map(String.init).joined(separator: ".") : canonicalIPv6
    }

    private var groups: [UInt16] {
        (0..<8).reversed().map { UInt16(truncatingIfNeeded: value >> UInt128($0 * 16)) }
    }

    private var canonicalIPv6: String {
        if value >> 32 == 0xffff { return "::ffff:\(unmapped)" }
        let groups = self.groups
        let hex = groups.map { String($0, radix: 16) }
        guard let zeros = Self.longestZeroRun(in: groups) else { return hex.joined(separator: ":") }
        return hex[..<zeros.lowerBound].joined(separator: ":") + "::" + hex[zeros.upperBound...].joined(separator: ":")
    }

    /// The first of the longest runs of two or more zero groups (RFC 5952 section 4.2).
    private static func longestZeroRun(in groups: [UInt16]) -> Range<Int>? {
        var best: Range<Int>?
        var start = 0
        while start < groups.count {
            guard groups[start] == 0 else {
                start += 1
                continue
            }
            let end = groups[start...].firstIndex { $0 != 0 } ?? groups.count
            if end - start >= 2, end - start > (best?.count ?? 0) { best = start..<end }
            start = end
        }
        return best
    }
}

extension IPAddress: LosslessStringConvertible {
    /// Parses a dotted quad (no leading zeros, as RFC 6943 section 3.1.1 advises) or IPv6 text (RFC 4291 section 2.2).
    /// Zones (`%eth0`) are refused: an address here is valid on every node.
    package init?(_ text: String) {
        let text = Substring(text)
        guard text.utf8.count <= 45 else { return nil }
        if text.contains(":") {
            guard let value = Self.parseIPv6(text) else { return nil }
            self.init(family: .ipv6, value: value)
        } else {
            guard let value = Self.parseIPv4(text) else { return nil }
            self.init(family: .ipv4, value: UInt128(value))
        }
    }

    private static func parseIPv4(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard let number = parseDecimal(part, maximum: 255) else { return nil }
            value = value << 8 | UInt32(number)
        }
        return value
    }

    private static func parseIPv6(_ text: Substring) -> UInt128? {
        let halves = splitAtDoubleColon(text)
        guard let head = parseGroups(halves.head, mayEndInIPv4: halves.tail == nil) else { return nil }
        guard let tailText = halves.tail else {
            return head.count == 8 ? number(of: head) : nil
        }
        guard let tail = parseGroups(tailText, mayEndInIPv4: true), head.count + tail.count <= 7 else { return nil }
        return number(of: head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    private static func splitAtDoubleColon(_ text: Substring) -> (head: Substring, tail: Substring?) {
        var previous: String.Index?
        for index in text.indices {
            if let previous, text[previous] == ":", text[index] == ":" {
                return (text[..<previous], text[text.index(after: index)...])
            }
            previous = index
        }
        return (text, nil)
    }

    private static func parseGroups(_ text: Substring, mayEndInIPv4: Bool) -> [UInt16]? {
        if text.isEmpty { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 8 else { return nil }
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if part.contains(".") {
                guard mayEndInIPv4, index == parts.count - 1, let quad = parseIPv4(part) else { return nil }
                groups += [UInt16(quad >> 16), UInt16(quad & 0xffff)]
            } else {
                guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(\.isHexDigit),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }

    private static func number(of groups: [UInt16]) -> UInt128 {
        groups.reduce(UInt128(0)) { $0 << 16 | UInt128($1) }
    }
}

/// A decimal number without sign or leading zero, at most `maximum`; `nil` for anything else.
func parseDecimal(_ text: some StringProtocol, maximum: Int) -> Int? {
    guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        text.utf8.count == 1 || text.utf8.first != 0x30, let number = Int(text), number <= maximum
    else { return nil }
    return number
}

extension UInt8 {
    fileprivate var isHexDigit: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }
}
