import Multiformats
import SecureChannel
import Timeline

/// What one stream is for, and how far it is.
enum StreamState: Sendable {
    /// We opened it and propose protocols. Becomes what `purpose` says, or ends.
    case proposing(MultistreamNegotiation, Purpose, deadline: Instant)
    /// The peer opened it and proposes protocols. Becomes any of the others, or ends.
    case answering(MultistreamNegotiation, deadline: Instant)
    /// Ours, agreed: we write frames of this message protocol.
    case sendingMessages(MessageProtocol)
    /// The peer's, agreed: we read frames of this message protocol.
    case receivingMessages(MessageProtocol, LengthPrefixedDecoder)
    /// We asked and read the peer's description, until it ends.
    case readingIdentify(LengthPrefixedDecoder, IdentifyCollector, deadline: Instant)
    /// The peer pushes its description, until it ends.
    case readingPush(LengthPrefixedDecoder, IdentifyCollector, deadline: Instant)
    /// The peer sends pings, we echo (libp2p ping/ping.md).
    case echoing(pending: [UInt8])
    /// We have said all and wait for the peer to close.
    case closing

    enum Purpose: Hashable, Sendable {
        case messages(MessageProtocol)
        case identify
        case push
    }

    var deadline: Instant? {
        switch self {
        case .proposing(_, _, let deadline), .answering(_, let deadline), .readingIdentify(_, _, let deadline), .readingPush(_, _, let deadline):
            deadline
        case .sendingMessages, .receivingMessages, .echoing, .closing:
            nil
        }
    }
}
