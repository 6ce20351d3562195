/// What a fuzzer made up, taken piece by piece: so one input is a whole conversation.
struct FuzzInput {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    var isEmpty: Bool { rest.isEmpty }

    /// 0 at the end.
    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    /// Two bytes of length, then so many; all that is left if that is less.
    mutating func chunk() -> [UInt8] {
        let length = Int(byte()) << 8 | Int(byte())
        defer { rest = rest.dropFirst(length) }
        return Array(rest.prefix(length))
    }

    mutating func remainder() -> [UInt8] {
        defer { rest = [] }
        return Array(rest)
    }

    /// As `chunk` reads it.
    static func chunk(_ bytes: [UInt8]) -> [UInt8] { [UInt8(bytes.count >> 8 & 0xff), UInt8(bytes.count & 0xff)] + bytes }
}
