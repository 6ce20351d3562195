/// Why bytes are no XML that we read.
package enum XMLFault: Error, Hashable, Sendable {
    /// It ends within something.
    case truncated
    /// Tags that do not match, no name, an unknown entity.
    case malformed
    /// Longer, deeper or wordier than `PortMappingLimits` allows.
    case limitExceeded
}

/// Reads the XML that UPnP devices write, tag by tag: elements and their texts. Attributes, comments and declarations are passed over,
/// namespaces' prefixes are cut off. It defines no entities, so nothing grows while it is read; its cost follows the length of the document.
package struct XMLReader {
    package enum Token: Hashable, Sendable {
        case start(String)
        case end(String)
        /// What stands between two tags, without white space around it; never empty.
        case text(String)
    }

    private let bytes: [UInt8]
    private var position = 0
    /// Names of elements that are not closed yet.
    private var open: [String] = []
    /// An element that was opened and closed by one tag.
    private var isClosing = false

    package init(_ bytes: [UInt8]) throws(XMLFault) {
        guard bytes.count <= PortMappingLimits.documentBytes else { throw .limitExceeded }
        self.bytes = bytes
    }

    /// `nil` at the end.
    package mutating func next() throws(XMLFault) -> Token? {
        if isClosing, let name = open.popLast() {
            isClosing = false
            return .end(name)
        }
        while position < bytes.count {
            if let token = bytes[position] == UInt8(ascii: "<") ? try tag() : try text() { return token }
        }
        guard open.isEmpty else { throw .truncated }
        return nil
    }

    // MARK: Tags

    private mutating func tag() throws(XMLFault) -> Token? {
        if skip("<!--") { return try skip(to: "-->") }
        if skip("<![CDATA[") {
            let start = position
            _ = try skip(to: "]]>")
            return try word(bytes[start..<(position - 3)]).map { .text($0) }
        }
        // No document type: it is what attacks are made of, and UPnP has none.
        if skip("<!") { throw .malformed }
        if skip("<?") { return try skip(to: "?>") }
        if skip("</") {
            let name = try name()
            skipSpace()
            guard skip(">"), open.popLast() == name else { throw .malformed }
            return .end(name)
        }
        position += 1
        let name = try name()
        guard open.count < PortMappingLimits.documentDepth else { throw .limitExceeded }
        isClosing = try skipAttributes()
        open.append(name)
        return .start(name)
    }

    /// Without the namespace.
    private mutating func name() throws(XMLFault) -> String {
        let start = position
        while position < bytes.count, Self.isNameByte(bytes[position]) { position += 1 }
        let name = bytes[start..<position]
        guard name.count <= PortMappingLimits.textBytes else { throw .limitExceeded }
        guard let local = name.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).last, !local.isEmpty else {
            throw position == bytes.count ? .truncated : .malformed
        }
        return String(decoding: local, as: UTF8.self)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...:
            true
        case UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: false
        }
    }

    /// Up to the end of the tag; true if it ends in `/>`.
    private mutating func skipAttributes() throws(XMLFault) -> Bool {
        var quote: UInt8?
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case quote: quote = nil
            case _ where quote != nil: break
            case UInt8(ascii: "\""), UInt8(ascii: "'"): quote = byte
            case UInt8(ascii: ">"): return bytes[position - 2] == UInt8(ascii: "/")
            case UInt8(ascii: "<"): throw .malformed
            default: break
            }
        }
        throw .truncated
    }

    // MARK: Texts

    private mutating func text() throws(XMLFault) -> Token? {
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "<") { position += 1 }
        guard let raw = try word(bytes[start..<position]) else { return nil }
        // Some devices send a NUL or a rest of something behind the last tag.
        guard !open.isEmpty else { return nil }
        return .text(try Self.decodingEntities(raw))
    }

    /// `nil` if nothing but white space is there.
    private func word(_ bytes: ArraySlice<UInt8>) throws(XMLFault) -> String? {
        guard let first = bytes.firstIndex(where: { $0 > 0x20 }), let last = bytes.lastIndex(where: { $0 > 0x20 }) else { return nil }
        guard last - first < PortMappingLimits.textBytes else { throw .limitExceeded }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }

    /// The five entities that XML has by itself (XML 1.0, section 4.6). Characters by number are of no use in what we read.
    private static func decodingEntities(_ text: String) throws(XMLFault) -> String {
        guard text.contains("&") else { return text }
        var result = ""
        var rest = text[...]
        while let start = rest.firstIndex(of: "&") {
            guard let end = rest[start...].firstIndex(of: ";") else { throw .malformed }
            result += rest[..<start]
            switch rest[rest.index(after: start)..<end] {
            case "amp": result += "&"
            case "lt": result += "<"
            case "gt": result += ">"
            case "quot": result += "\""
            case "apos": result += "'"
            case let entity where entity.hasPrefix("#"): result += "?"
            default: throw .malformed
            }
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    // MARK: Steps

    private mutating func skip(_ expected: StaticString) -> Bool {
        let expected = UnsafeBufferPointer(start: expected.utf8Start, count: expected.utf8CodeUnitCount)
        guard bytes[position...].starts(with: expected) else { return false }
        position += expected.count
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count, bytes[position] <= 0x20 { position += 1 }
    }

    /// Past the next such text.
    private mutating func skip(to end: StaticString) throws(XMLFault) -> Token? {
        while position < bytes.count {
            if skip(end) { return nil }
            position += 1
        }
        throw .truncated
    }
}
