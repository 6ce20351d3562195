#if canImport(Glibc)
    import Glibc
#endif

/// A seed for a randomized test: `WEFT_SEED` if it is set, else fresh. Printed, so a failure can be replayed.
package func testSeed(_ test: String) -> UInt64 {
    let given = getenv("WEFT_SEED").flatMap { UInt64(String(cString: $0)) }
    let seed = given ?? UInt64.random(in: .min ... .max)
    print("\(test): WEFT_SEED=\(seed)")
    return seed
}

extension SeededGenerator {
    /// One hostile variant of a valid frame: bits flipped, cut, extended, spliced with another, or noise altogether.
    package mutating func mutated(_ valid: [UInt8], among corpus: [[UInt8]]) -> [UInt8] {
        var frame = valid
        for _ in 0..<Int.random(in: 1...4, using: &self) { mutateOnce(&frame, corpus) }
        return frame
    }

    private mutating func mutateOnce(_ frame: inout [UInt8], _ corpus: [[UInt8]]) {
        let position = Int.random(in: 0...frame.count, using: &self)
        switch Int.random(in: 0..<8, using: &self) {
        case 0, 1, 2:
            if position < frame.count { frame[position] ^= 1 << UInt8.random(in: 0..<8, using: &self) }
        case 3:
            if position < frame.count { frame[position] = [0, 0xff, 0x7f, 0x80].randomElement(using: &self) ?? 0 }
        case 4:
            frame.removeSubrange(position...)
        case 5:
            frame.insert(contentsOf: bytes(Int.random(in: 1...9, using: &self)), at: position)
        case 6:
            let other = corpus.randomElement(using: &self) ?? []
            frame.replaceSubrange(position..., with: other.suffix(Int.random(in: 0...other.count, using: &self)))
        default:
            frame = bytes(Int.random(in: 0...64, using: &self))
        }
    }
}
