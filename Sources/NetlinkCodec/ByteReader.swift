/// Reads fixed fields from the front of a slice. Netlink's numbers are in the byte order of the machine.
struct ByteReader {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    mutating func take(_ count: Int) throws(NetlinkCodecError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= rest.count else { throw .truncated }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func number<Number: FixedWidthInteger>(_: Number.Type) throws(NetlinkCodecError) -> Number {
        Number(native: try take(MemoryLayout<Number>.size))
    }
}

extension FixedWidthInteger {
    /// From as many bytes as the number has, in the byte order of the machine.
    init(native bytes: ArraySlice<UInt8>) {
        var number = Self.zero
        withUnsafeMutableBytes(of: &number) { $0.copyBytes(from: bytes.prefix(MemoryLayout<Self>.size)) }
        self = number
    }

    /// The bytes of the number as they lie in memory.
    var nativeBytes: [UInt8] {
        withUnsafeBytes(of: self) { Array($0) }
    }
}

extension Int {
    /// Rounded up to `NLMSG_ALIGNTO` = `NLA_ALIGNTO` = 4.
    var netlinkAligned: Int { (self &+ 3) & ~3 }
}
