/// The id of a stream in a session: odd if the initiator of the connection opened it, even if the responder did. Zero is the session.
package struct YamuxStreamID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    static let session = YamuxStreamID(rawValue: 0)

    package var description: String { String(rawValue) }

    package static func < (left: YamuxStreamID, right: YamuxStreamID) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// What a frame is, and what its length field means (yamux spec, "Type Field").
enum FrameType: UInt8, Sendable {
    /// Length: the payload bytes that follow.
    case data = 0
    /// Length: bytes by which the sender of the frame opens its receive window.
    case windowUpdate = 1
    /// Length: an opaque value that the answer repeats.
    case ping = 2
    /// Length: a ``GoAwayCode``.
    case goAway = 3
}

/// The flag bits of a frame (yamux spec, "Flag Field"). Unknown bits are ignored, as everybody does.
struct FrameFlags: OptionSet, Hashable, Sendable {
    let rawValue: UInt16

    /// Opens a stream, or asks for a pong.
    static let synchronize = FrameFlags(rawValue: 1)
    /// Accepts a stream, or is a pong.
    static let acknowledge = FrameFlags(rawValue: 2)
    /// Half close: the sender sends no more data on the stream.
    static let finish = FrameFlags(rawValue: 4)
    /// Ends the stream at once, both ways.
    static let reset = FrameFlags(rawValue: 8)

    static let known: FrameFlags = [.synchronize, .acknowledge, .finish, .reset]
}

/// Why a session ends (yamux spec, "GoAway").
enum GoAwayCode {
    static let normal: UInt32 = 0
    static let protocolError: UInt32 = 1
}

/// The 12 bytes in front of each frame, all big endian: version, type, flags (2), stream id (4), length (4).
struct FrameHeader: Hashable, Sendable {
    static let byteCount = 12
    static let version: UInt8 = 0

    var type: FrameType
    var flags: FrameFlags
    var streamID: YamuxStreamID
    var length: UInt32

    init(_ type: FrameType, _ flags: FrameFlags = [], stream: YamuxStreamID = .session, length: UInt32 = 0) {
        self.type = type
        self.flags = flags
        self.streamID = stream
        self.length = length
    }

    /// Reads a header from exactly ``byteCount`` bytes.
    init(decoding bytes: ArraySlice<UInt8>) throws(YamuxProtocolError) {
        guard bytes.count == Self.byteCount else { throw .malformedHeader }
        let first = bytes.startIndex
        guard bytes[first] == Self.version else { throw .unknownVersion(bytes[first]) }
        guard let type = FrameType(rawValue: bytes[first + 1]) else { throw .unknownFrameType(bytes[first + 1]) }
        self.type = type
        flags = FrameFlags(rawValue: UInt16(bytes[first + 2]) << 8 | UInt16(bytes[first + 3]))
        streamID = YamuxStreamID(rawValue: Self.word(bytes, at: first + 4))
        length = Self.word(bytes, at: first + 8)
    }

    func encode(into output: inout [UInt8]) {
        output.append(Self.version)
        output.append(type.rawValue)
        output.append(UInt8(truncatingIfNeeded: flags.rawValue >> 8))
        output.append(UInt8(truncatingIfNeeded: flags.rawValue))
        Self.append(streamID.rawValue, to: &output)
        Self.append(length, to: &output)
    }

    private static func word(_ bytes: ArraySlice<UInt8>, at index: Int) -> UInt32 {
        bytes[index..<index + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func append(_ word: UInt32, to output: inout [UInt8]) {
        output.append(UInt8(truncatingIfNeeded: word >> 24))
        output.append(UInt8(truncatingIfNeeded: word >> 16))
        output.append(UInt8(truncatingIfNeeded: word >> 8))
        output.append(UInt8(truncatingIfNeeded: word))
    }
}
