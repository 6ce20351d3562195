/// Walks the fields of one protobuf message without decoding them, so that entries can be counted and bounded before they cost
/// anything, and a message's own bytes can be kept as they came. Source: protobuf.dev, "Encoding".
package struct ProtobufScanner {
    package struct Malformed: Error {}

    package struct Field {
        package let number: UInt64
        package let value: Value

        /// The content of a length-delimited field; nil for the numeric kinds.
        package var content: ArraySlice<UInt8>? {
            if case .content(let bytes) = value { bytes } else { nil }
        }

        /// The number in a varint field; nil for the other kinds.
        package var varint: UInt64? {
            if case .varint(let number) = value { number } else { nil }
        }
    }

    package enum Value {
        case varint(UInt64)
        case content(ArraySlice<UInt8>)
        /// Four or eight bytes of fixed length.
        case fixed(ArraySlice<UInt8>)
    }

    private var rest: ArraySlice<UInt8>

    package init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    /// The next field; nil at the end.
    package mutating func next() throws(Malformed) -> Field? {
        guard !rest.isEmpty else { return nil }
        let tag = try varint()
        let number = tag >> 3
        guard number > 0 else { throw Malformed() }
        switch tag & 7 {
        case 0: return Field(number: number, value: .varint(try varint()))
        case 1: return Field(number: number, value: .fixed(try take(8)))
        case 2: return Field(number: number, value: .content(try take(try varint())))
        case 5: return Field(number: number, value: .fixed(try take(4)))
        default: throw Malformed()
        }
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
