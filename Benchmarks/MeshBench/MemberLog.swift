/// Follows one node's log and counts the members that it knows, itself not among them.
///
/// It sees each line once, while the nodes are busy: so it works on bytes, and keeps a hash of each peer id.
struct MemberLog {
    private static let joined = Array("member joined peer=".utf8)
    private static let gone = ["member left peer=", "member expired peer="].map { Array($0.utf8) }
    /// Lines kept for the message of a run that fails.
    private static let tailLines = 5

    private var known: Set<UInt64> = []
    private var rest: ArraySlice<UInt8> = []
    private var tailBytes: [ArraySlice<UInt8>] = []

    var count: Int { known.count }
    /// The end of the log.
    var tail: String { (tailBytes + [rest]).map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n") }

    /// Takes what was written next, at whatever boundaries.
    mutating func read(_ bytes: ArraySlice<UInt8>) {
        rest += bytes
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            readLine(rest[..<end])
            rest = rest[(end + 1)...]
        }
        rest = ArraySlice(Array(rest))
    }

    /// `TIME LEVEL MESSAGE FIELDS` (docs/LOGGING.md).
    private mutating func readLine(_ line: ArraySlice<UInt8>) {
        tailBytes = (tailBytes + [line]).suffix(Self.tailLines)
        let afterTime = line.drop { $0 != UInt8(ascii: " ") }.drop { $0 == UInt8(ascii: " ") }
        let message = afterTime.drop { $0 != UInt8(ascii: " ") }.drop { $0 == UInt8(ascii: " ") }
        if message.starts(with: Self.joined) {
            known.insert(Self.hash(message.dropFirst(Self.joined.count)))
        } else if let prefix = Self.gone.first(where: message.starts) {
            known.remove(Self.hash(message.dropFirst(prefix.count)))
        }
    }

    /// FNV-1a of a peer id, up to the next field.
    private static func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.prefix { $0 != UInt8(ascii: " ") }.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
