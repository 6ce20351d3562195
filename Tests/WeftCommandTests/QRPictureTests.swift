import Testing

@testable import weft

@Suite struct QRPictureTests {
    /// The finder pattern of three corners: a dark square of seven with a light ring in it (ISO/IEC 18004 section 5.3.2).
    @Test func itIsAQRCode() throws {
        let picture = try #require(QRPicture("weft1" + String(repeating: "a", count: 200)))
        let pattern = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"]
        let last = picture.width - 7
        for (top, left) in [(0, 0), (0, last), (last, 0)] {
            for (row, line) in pattern.enumerated() {
                #expect(line.map { $0 == "1" } == (0..<7).map { picture.isDark(top + row, left + $0) })
            }
        }
    }

    @Test func linesShowItsModulesInPairs() throws {
        let picture = try #require(QRPicture("weft"))
        let side = picture.width + 2 * QRPicture.quietZone
        let lines = picture.lines(hasColours: false)
        #expect(lines.count == (side + 1) / 2)
        #expect(lines.allSatisfy { $0.count == side })
        #expect(lines[0] == String(repeating: "█", count: side), "the quiet zone is light")
        // The finder's upper edge is dark, and what lies below is dark at both ends.
        let finder = Array(lines[QRPicture.quietZone / 2])[QRPicture.quietZone..<QRPicture.quietZone + 7]
        #expect(String(finder) == " ▄▄▄▄▄ ")
        #expect(picture.lines(hasColours: true).allSatisfy { $0.hasPrefix("\u{1b}[97;40m") && $0.hasSuffix("\u{1b}[0m") })
    }

    @Test func whatIsTooLongIsNone() {
        #expect(QRPicture(String(repeating: "a", count: 3000)) == nil)
    }
}
