import DequeModule

/// Bytes of one stream that wait for a window. Large writes are kept as they came; small ones share a chunk.
struct SendQueue: Sendable {
    /// Writes that together stay below this are joined, so a flood of one-byte writes costs bytes and not arrays.
    private static let joinLimit = 2_048

    private var chunks = Deque<[UInt8]>()
    /// Bytes of the first chunk that are sent already.
    private var offset = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        count += bytes.count
        if let last = chunks.last, last.count + bytes.count <= Self.joinLimit {
            chunks[chunks.count - 1].append(contentsOf: bytes)
        } else {
            chunks.append(bytes)
        }
    }

    /// Moves `amount` bytes, or all if there are fewer, to the end of `output`.
    mutating func move(_ amount: Int, to output: inout [UInt8]) {
        var missing = min(amount, count)
        count -= missing
        while missing > 0, let chunk = chunks.first {
            let part = chunk[offset...].prefix(missing)
            output.append(contentsOf: part)
            missing -= part.count
            offset += part.count
            if offset == chunk.count {
                _ = chunks.popFirst()
                offset = 0
            }
        }
    }
}
