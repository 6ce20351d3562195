/// Walks the fields of one protobuf message without decoding them, so that entries can be counted and bounded before they cost
/// anything, and a message's own bytes can be kept as they came. Source: protobuf.dev, "Encoding".
struct ProtobufScanner {
    struct Malformed: Error {}

    struct Field {
        let number: UInt64
        /// The content of a length-delimited field; nil for the numeric kinds.
        let content: ArraySlice<UInt8>?
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    /// The next field; nil at the end.
    mutating func next() throws(Malformed) -> Field? {
        guard !rest.isEmpty else { return nil }
        let tag = try varint()
        let number = tag >> 3
        guard number > 0 else { throw Malformed() }
        switch tag & 7 {
        case 0: _ = try varint()
        case 1: _ = try take(8)
        case 2: return Field(number: number, content: try take(try varint()))
        case 5: _ = try take(4)
        default: throw Malformed()
        }
        return Field(number: number, content: nil)
    }

    private mutating func take(_ count: UInt64) throws(Malformed) -> ArraySlice<UInt8> {
        guard let count = Int(exactly: count), count <= rest.count else { throw Malformed() }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    /// Protobuf allows varints that are longer than need be, unlike multiformats.
    private mutating func varint() throws(Malformed) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { throw Malformed() }
            value |= UInt64(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return value }
        }
        throw Malformed()
    }
}
