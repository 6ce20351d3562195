/// Base58 in the alphabet of Bitcoin (draft-msporny-base58), as peer ids are written.
package enum Base58 {
    /// Longest text that `decode` reads: its cost grows with the square of the length.
    package static let maximumTextLength = 128

    private static let alphabet = Array("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)

    /// Digit by ASCII code; 255 where there is none.
    private static let digits: [UInt8] = {
        var digits = [UInt8](repeating: 255, count: 128)
        for (digit, character) in alphabet.enumerated() { digits[Int(character)] = UInt8(digit) }
        return digits
    }()

    /// For short values such as multihashes: the cost grows with the square of the length.
    package static func encode(_ bytes: [UInt8]) -> String {
        let zeros = bytes.prefix { $0 == 0 }.count
        let digits = convert(bytes.dropFirst(zeros), from: 256, to: 58)
        let text = [UInt8](repeating: alphabet[0], count: zeros) + digits.map { alphabet[Int($0)] }
        return String(decoding: text, as: UTF8.self)
    }

    /// `nil` for a foreign character, or more than `maximumTextLength` of them.
    package static func decode(_ text: String) -> [UInt8]? {
        guard text.utf8.count <= maximumTextLength else { return nil }
        var values: [UInt8] = []
        for character in text.utf8 {
            guard character < 128, digits[Int(character)] != 255 else { return nil }
            values.append(digits[Int(character)])
        }
        let zeros = values.prefix { $0 == 0 }.count
        return [UInt8](repeating: 0, count: zeros) + convert(values.dropFirst(zeros), from: 58, to: 256)
    }

    /// The same number in another base, most significant digit first, without leading zeros.
    private static func convert(_ digits: ArraySlice<UInt8>, from: Int, to: Int) -> [UInt8] {
        var result: [UInt8] = []  // least significant digit first
        for digit in digits {
            var carry = Int(digit)
            for index in result.indices {
                carry += Int(result[index]) * from
                result[index] = UInt8(truncatingIfNeeded: carry % to)
                carry /= to
            }
            while carry > 0 {
                result.append(UInt8(truncatingIfNeeded: carry % to))
                carry /= to
            }
        }
        return result.reversed()
    }
}
