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
/// Holds no more than what was appended and not yet taken, and space for as much again: drain `next` after each `append`, then at most
/// one incomplete frame stays. An error stays: a stream that has lost its framing cannot find it again.
package struct LengthPrefixedDecoder: Sendable {
    package let maximumLength: Int
    /// Appended and not looked at yet, from `head` on.
    private var input: [UInt8] = []
    private var head = 0
    /// The payload that is being collected; its length prefix is taken from the input.
    private var payload: [UInt8] = []
    private var length: Int?

    /// - Parameter maximumLength: longest payload that is accepted, in bytes.
    package init(maximumLength: Int) {
        self.maximumLength = maximumLength
    }

    /// Bytes that were appended and not yet returned by `next`.
    package var remainder: [UInt8] {
        var bytes: [UInt8] = []
        if let length { Varint.append(UInt64(length), to: &bytes) }
        return bytes + payload + input[head...]
    }

    /// How many of them are kept: a length that was read is not.
    package var remainderCount: Int { payload.count + input.count - head }

    package mutating func append(_ bytes: some Collection<UInt8>) {
        guard head < input.count else {
            (input, head) = (Array(bytes), 0)
            return
        }
        input.removeSubrange(..<head)
        head = 0
        input.append(contentsOf: bytes)
    }

    /// The next whole payload; `nil` while its end is missing.
    package mutating func next() throws(LengthPrefixedError) -> [UInt8]? {
        if length == nil { length = try nextLength() }
        guard let length else { return nil }
        collect(length)
        guard payload.count == length else { return nil }
        defer { (payload, self.length) = ([], nil) }
        return payload
    }

    /// What it announces has no effect before it has come: space is made for twice that at most.
    private mutating func collect(_ length: Int) {
        let part = input[head...].prefix(length - payload.count)
        let needed = payload.count + part.count
        if payload.capacity < needed { payload.reserveCapacity(min(length, 2 * needed)) }
        payload.append(contentsOf: part)
        head += part.count
        if head == input.count { (input, head) = ([], 0) }
    }

    private mutating func nextLength() throws(LengthPrefixedError) -> Int? {
        var rest = input[head...]
        let announced: UInt64?
        do throws(VarintError) { announced = try Varint.decode(&rest) } catch { throw .malformedLength }
        guard let announced else { return nil }
        guard announced <= UInt64(max(0, maximumLength)) else { throw .tooLong(length: announced) }
        head = rest.startIndex
        return Int(announced)
    }
}
