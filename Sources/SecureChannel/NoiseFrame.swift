/// A two-byte length in big endian, then a Noise message (libp2p specification, noise/README.md).
enum NoiseFrame {
    static let headerLength = 2
    static let maximumMessageLength = 65535
    static let maximumPlaintextLength = maximumMessageLength - NoiseCipherState.tagLength

    static func encode(_ message: [UInt8]) throws(NoiseError) -> [UInt8] {
        guard message.count <= maximumMessageLength else { throw .malformed }
        return header(message.count) + message
    }

    static func header(_ length: Int) -> [UInt8] {
        [UInt8(truncatingIfNeeded: length >> 8), UInt8(truncatingIfNeeded: length)]
    }

    /// Where the message of the frame at `start` is; `nil` while its end is missing.
    static func messageRange(in bytes: [UInt8], at start: Int) -> Range<Int>? {
        guard bytes.count - start >= headerLength else { return nil }
        let length = Int(bytes[start]) << 8 | Int(bytes[start + 1])
        let body = start + headerLength
        guard bytes.count - body >= length else { return nil }
        return body..<body + length
    }
}
