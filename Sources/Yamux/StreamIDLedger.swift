/// Which ids the peer has used for its streams, so that none serves twice.
///
/// Ids grow by two, but need not arrive in order: an implementation with threads numbers a stream before it sends the SYN. So the last
/// ``span`` ids are kept one by one, and older ones count as used.
struct StreamIDLedger: Sendable {
    static let span: UInt32 = 1_024

    private var used = [Bool](repeating: false, count: Int(span))
    /// One more than the highest ordinal used (0 when none is).
    private var end: UInt32 = 0

    /// Notes that `id` is used; `false` when it was before, or is too old to tell.
    mutating func insert(_ id: YamuxStreamID) -> Bool {
        let ordinal = id.rawValue / 2
        if ordinal >= end {
            forget(from: end, to: ordinal)
            end = ordinal + 1
        } else if end - ordinal > Self.span || used[slot(ordinal)] {
            return false
        }
        used[slot(ordinal)] = true
        return true
    }

    private func slot(_ ordinal: UInt32) -> Int { Int(ordinal % Self.span) }

    /// The slots of the ordinals in the range belonged to ordinals that are too old now.
    private mutating func forget(from first: UInt32, to last: UInt32) {
        if last - first >= Self.span {
            for index in used.indices { used[index] = false }
        } else {
            for ordinal in first...last { used[slot(ordinal)] = false }
        }
    }
}
