/// Follows where TLS records begin and end (RFC 8446 section 5.1): BoringSSL does not tell how much of one it keeps.
struct TLSRecordMeter {
    static let headerLength = 5

    /// Bytes that have come of a record that is not whole.
    private(set) var pendingCount = 0
    /// Of its payload; known when its header is whole.
    private var length = 0

    mutating func take(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while let byte = rest.first {
            if pendingCount < Self.headerLength {
                // The last two of the header are the length.
                length = pendingCount < 3 ? 0 : length << 8 | Int(byte)
                pendingCount += 1
                rest = rest.dropFirst()
            } else {
                let part = min(rest.count, Self.headerLength + length - pendingCount)
                pendingCount += part
                rest = rest.dropFirst(part)
            }
            if pendingCount == Self.headerLength + length, pendingCount >= Self.headerLength { pendingCount = 0 }
        }
    }
}
