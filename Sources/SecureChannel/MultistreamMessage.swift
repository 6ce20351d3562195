import Multiformats

/// A line of multistream-select, as bytes: its text may be anything that a peer sends.
enum MultistreamMessage {
    static let lineFeed: UInt8 = 0x0a
    static let header = encode("/multistream/1.0.0")
    static let refusal = encode("na")
    static let refusalText = Array("na".utf8)

    static func encode(_ text: String) -> [UInt8] {
        LengthPrefixed.encode(Array(text.utf8) + [lineFeed])
    }

    /// The text of a message, without its line feed.
    static func text(of message: [UInt8]) throws(MultistreamError) -> ArraySlice<UInt8> {
        guard message.last == lineFeed else { throw .malformed }
        return message.dropLast()
    }
}
