/// Base32 of RFC 4648 section 6 in lower case and without padding: what multibase writes after `b`.
package enum Base32 {
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

    package static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 8 + 4) / 5)
        var window: UInt32 = 0
        var bits: UInt32 = 0
        for byte in bytes {
            window = window << 8 | UInt32(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(alphabet[Int(window >> bits & 31)])
            }
        }
        if bits > 0 { text.append(alphabet[Int(window << (5 - bits) & 31)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// `nil` for anything that `encode` does not write: upper case, padding, stray bits, an impossible length.
    package static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var window: UInt32 = 0
        var bits: UInt32 = 0
        for character in text.utf8 {
            guard let digit = digit(character) else { return nil }
            window = window << 5 | UInt32(digit)
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: window >> bits))
            }
        }
        guard bits < 5, window & ((1 << bits) - 1) == 0 else { return nil }
        return bytes
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x61...0x7a: character - 0x61
        case 0x32...0x37: character - 0x32 + 26
        default: nil
        }
    }
}
