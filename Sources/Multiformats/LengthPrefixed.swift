/// Why a length-prefixed stream cannot be read on.
package enum LengthPrefixedError: Error, Hashable, Sendable {
    /// The frame announces `length` bytes, more than the reader allows.
    case tooLong(length: UInt64)
    /// The length is no minimal varint of at most nine bytes.
    case malformedLength
}

/// A varint byte length, then the payload: the framing of nearly all libp2p protocols.
package enum LengthPrefixed {
    package static func encode(_ payload: [UInt8]) -> [UInt8] {
        var frame: [UInt8] = []
        frame.reserveCapacity(payload.count + Varint.maximumByteCount)
        append(payload, to: &frame)
        return frame
    }

    package static func append(_ payload: some Collection<UInt8>, to bytes: inout [UInt8]) {
        Varint.append(UInt64(payload.count), to: &bytes)
        bytes.append(contentsOf: payload)
    }
}

/// Cuts a byte stream into length-prefixed payloads.
///
/// Holds no more than what was appended and not yet taken: drain `next` after each `append`, then at most one
/// incomplete frame stays. An error stays: a stream that has lost its framing cannot find it again.
package struct LengthPrefixedDecoder: Sendable {
    /// Capacity that an empty buffer may keep for reuse, in bytes.
    static let maximumIdleCapacity = 4096
    /// Consumed bytes in front of the buffer that are tolerated before the rest is moved down.
    static let compactionThreshold = 4096

    package let maximumLength: Int
    private var buffer: [UInt8] = []
    private var head = 0

    /// - Parameter maximumLength: longest payload that is accepted, in bytes.
    package init(maximumLength: Int) {
        self.maximumLength = maximumLength
    }

    /// Bytes that were appended and not yet returned by `next`.
    package var remainder: [UInt8] { Array(buffer[head...]) }

    package var remainderCount: Int { buffer.count - head }

    package mutating func append(_ bytes: some Collection<UInt8>) {
        buffer.append(contentsOf: bytes)
    }

    /// The next whole payload; `nil` while its end is missing.
    package mutating func next() throws(LengthPrefixedError) -> [UInt8]? {
        var rest = buffer[head...]
        guard let length = try Self.length(from: &rest) else { return nil }
        guard length <= UInt64(max(0, maximumLength)) else { throw .tooLong(length: length) }
        guard rest.count >= Int(length) else { return nil }
        let payload = Array(rest.prefix(Int(length)))
        head = rest.startIndex + Int(length)
        rest = []
        compact()
        return payload
    }

    private static func length(from bytes: inout ArraySlice<UInt8>) throws(LengthPrefixedError) -> UInt64? {
        do throws(VarintError) {
            return try Varint.decode(&bytes)
        } catch {
            throw .malformedLength
        }
    }

    private mutating func compact() {
        if head == buffer.count {
            if buffer.capacity > Self.maximumIdleCapacity { buffer = [] } else { buffer.removeAll(keepingCapacity: true) }
            head = 0
        } else if head >= Self.compactionThreshold, head >= buffer.count / 2 {
            buffer.removeSubrange(..<head)
            head = 0
        }
    }
}
