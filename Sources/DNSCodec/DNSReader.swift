/// Why bytes are no DNS message.
package enum DNSCodecError: Error, Hashable, Sendable {
    /// Something ends too early.
    case truncated
    /// A label of an unknown kind, a name that is too long, or a pointer that does not point back to an earlier name.
    case badName
    /// There must be one question (RFC 9619).
    case badQuestionCount
    /// More than one OPT record, one that is not the root's, or one whose options do not fit into it (RFC 6891 section 6.1.1).
    case badOption
}

/// Reads fields from a message, in network byte order. Nothing is read behind its end.
struct DNSReader {
    /// The most pointers that one name is followed through. A name that is written well has one.
    static let maximumPointers = 16

    private let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }

    mutating func take(_ count: Int) throws(DNSCodecError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= bytes.count - position else { throw .truncated }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func number<Number: FixedWidthInteger>(_: Number.Type) throws(DNSCodecError) -> Number {
        try take(Number.bitWidth / 8).reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    /// Reads a name, which may end in a pointer (RFC 1035 section 4.1.4).
    ///
    /// Each pointer must point before the place where the labels that it follows began: so there is no circle.
    mutating func name() throws(DNSCodecError) -> DNSName {
        var labels: [[UInt8]] = []
        var wireLength = 1
        var segment = position
        var end: Int?
        var pointers = 0
        while true {
            let length = Int(try number(UInt8.self))
            switch length >> 6 {
            case 0 where length == 0:
                if let end { position = end }
                guard let name = DNSName(labels: labels) else { throw .badName }
                return name
            case 0:
                wireLength += 1 + length
                guard wireLength <= DNSName.maximumWireLength else { throw .badName }
                labels.append(Array(try take(length)))
            case 3:
                let target = (length & 0x3f) << 8 | Int(try number(UInt8.self))
                pointers += 1
                guard target >= DNSHeader.length, target < segment, pointers <= Self.maximumPointers else { throw .badName }
                end = end ?? position
                segment = target
                position = target
            default:
                throw .badName
            }
        }
    }

    /// A name that is all of a record's data, which is a slice of the message.
    func name(at data: ArraySlice<UInt8>) throws(DNSCodecError) -> DNSName {
        var reader = self
        reader.position = data.startIndex
        let name = try reader.name()
        guard reader.position == data.endIndex else { throw .badName }
        return name
    }
}
