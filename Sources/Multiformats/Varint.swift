/// Why bytes are no unsigned varint.
package enum VarintError: Error, Hashable, Sendable {
    /// More than nine bytes.
    case tooLong
    /// A shorter encoding of the same number exists.
    case notMinimal
}

/// Unsigned LEB128 in its minimal form (multiformats/unsigned-varint).
package enum Varint {
    /// Longest encoding that is read: nine bytes hold 63 bits.
    package static let maximumByteCount = 9

    /// One to ten bytes. Values of 2^63 and more take ten, which `decode` refuses, as the specification asks.
    package static func encode(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        append(value, to: &bytes)
        return bytes
    }

    package static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Takes one number off the front of `bytes`; `nil`, and nothing taken, while its end is missing.
    package static func decode(_ bytes: inout ArraySlice<UInt8>) throws(VarintError) -> UInt64? {
        var value: UInt64 = 0
        for (index, byte) in bytes.prefix(maximumByteCount).enumerated() {
            value |= UInt64(byte & 0x7f) << UInt64(7 * index)
            guard byte < 0x80 else { continue }
            guard byte != 0 || index == 0 else { throw .notMinimal }
            bytes = bytes.dropFirst(index + 1)
            return value
        }
        guard bytes.count < maximumByteCount else { throw .tooLong }
        return nil
    }
}
