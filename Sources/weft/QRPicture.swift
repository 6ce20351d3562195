import CQREncode

/// A QR code (ISO/IEC 18004) as text for a terminal: two modules stand in one character, one above the other.
struct QRPicture {
    /// Of modules around it, so that a camera finds it (ISO/IEC 18004 section 5.3.8).
    static let quietZone = 4

    let width: Int
    private let modules: [Bool]

    /// `nil` if the text is too long for a code.
    init?(_ text: String) {
        guard let code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L) else { return nil }
        defer { QRcode_free(code) }
        width = Int(code.pointee.width)
        // The lowest bit of each byte tells whether the module is dark.
        modules = UnsafeBufferPointer(start: code.pointee.data, count: width * width).map { $0 & 1 == 1 }
    }

    func isDark(_ row: Int, _ column: Int) -> Bool {
        (0..<width).contains(row) && (0..<width).contains(column) && modules[row * width + column]
    }

    /// - Parameter hasColours: says itself what is black and what is white; else what is light is drawn, as fits light letters on a dark ground.
    func lines(hasColours: Bool) -> [String] {
        let range = -Self.quietZone..<width + Self.quietZone
        return stride(from: range.lowerBound, to: range.upperBound, by: 2).map { row in
            let line = range.map { Self.character(!isDark(row, $0), row + 1 < range.upperBound && !isDark(row + 1, $0)) }.joined()
            return hasColours ? "\u{1b}[97;40m\(line)\u{1b}[0m" : line
        }
    }

    private static func character(_ upper: Bool, _ lower: Bool) -> String {
        switch (upper, lower) {
        case (true, true): "█"
        case (true, false): "▀"
        case (false, true): "▄"
        case (false, false): " "
        }
    }
}
