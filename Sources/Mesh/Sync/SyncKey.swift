import Crypto
import Multiformats

/// Where a peer stands among all peers when two nodes compare: the first 8 bytes of SHA-256 of its id. So keys are spread evenly,
/// whatever ids people make.
struct SyncKey: Hashable, Comparable, Sendable {
    static let digitCount = 16

    let bits: UInt64

    init(bits: UInt64) {
        self.bits = bits
    }

    init(_ peer: PeerID) {
        bits = SHA256.hash(data: peer.bytes).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    static func < (left: SyncKey, right: SyncKey) -> Bool { left.bits < right.bits }

    /// The hexadecimal digit at a position from 0 to 15, the first one being the highest.
    func digit(at position: Int) -> Int {
        Int(truncatingIfNeeded: bits >> (60 - 4 * position) & 0xf)
    }
}

/// All keys that begin with the same hexadecimal digits.
struct SyncRange: Hashable, Sendable {
    static let all = SyncRange(unchecked: 0, depth: 0)
    /// Ranges that a range is made of: one for each next digit.
    static let fanOut = 16

    /// The first key of the range.
    let firstKey: SyncKey
    /// How many digits are the same.
    let depth: Int

    private init(unchecked bits: UInt64, depth: Int) {
        firstKey = SyncKey(bits: bits)
        self.depth = depth
    }

    /// The range of one key.
    init(_ key: SyncKey) {
        self.init(unchecked: key.bits, depth: SyncKey.digitCount)
    }

    /// `nil` unless `prefix` is a number of that many digits, at most 16.
    init?(prefix: UInt64, depth: some BinaryInteger) {
        guard (0...SyncKey.digitCount).contains(Int(clamping: depth)) else { return nil }
        let depth = Int(clamping: depth)
        guard prefix >> (4 * depth) == 0 else { return nil }
        self.init(unchecked: prefix << (64 - 4 * depth), depth: depth)
    }

    /// The common digits, as a number.
    var prefix: UInt64 { firstKey.bits >> (64 - 4 * depth) }

    /// Whether there is but one key in it.
    var isSingle: Bool { depth == SyncKey.digitCount }

    /// The parts, in ascending order; none of a single key.
    var parts: [SyncRange] {
        guard !isSingle else { return [] }
        return (0..<UInt64(Self.fanOut)).map { digit in
            SyncRange(unchecked: firstKey.bits | digit << (60 - 4 * UInt64(depth)), depth: depth + 1)
        }
    }

    func contains(_ key: SyncKey) -> Bool {
        key.bits >> (64 - 4 * depth) == prefix
    }
}
