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
    /// We have sent our description and wait for the peer to close.
    case describing(deadline: Instant)
    /// We have asked and read the answer, until it is whole.
    case awaitingResponse(QuestionID, LengthPrefixedDecoder, deadline: Instant)
    /// The peer asks. Becomes `considering`, or ends.
    case readingRequest(RequestProtocol, LengthPrefixedDecoder, deadline: Instant)
    /// The owner has the peer's request. Becomes `responding`, or ends.
    case considering(RequestProtocol, deadline: Instant)
    /// We have answered and wait for the peer to close.
    case responding(RequestProtocol, deadline: Instant)

    enum Purpose: Hashable, Sendable {
        case messages(MessageProtocol)
        case identify
        case push
        case question(Question)
    }

    /// Bytes that wait for the rest of what they belong to.
    var pendingCount: Int {
        switch self {
        case .proposing(let negotiation, .question(let question), _): negotiation.pendingCount + question.frame.count
        case .proposing(let negotiation, _, _), .answering(let negotiation, _): negotiation.pendingCount
        case .receivingMessages(_, let decoder), .readingIdentify(let decoder, _, _), .readingPush(let decoder, _, _),
            .awaitingResponse(_, let decoder, _), .readingRequest(_, let decoder, _):
            decoder.remainderCount
        case .echoing(let pending): pending.count
        case .sendingMessages, .describing, .considering, .responding: 0
        }
    }

    var deadline: Instant? {
        switch self {
        case .proposing(_, _, let deadline), .answering(_, let deadline), .readingIdentify(_, _, let deadline),
            .readingPush(_, _, let deadline), .describing(let deadline), .awaitingResponse(_, _, let deadline),
            .readingRequest(_, _, let deadline), .considering(_, let deadline), .responding(_, let deadline):
            deadline
        case .sendingMessages, .receivingMessages, .echoing:
            nil
        }
    }
}

extension StreamState {
    /// Takes bytes of a message stream; returns the frames that are whole now, and whether more can follow. Works in place: a frame
    /// must not be copied for each piece of it that comes.
    mutating func takeFrames(_ bytes: [UInt8]) -> (frames: [[UInt8]], isSound: Bool) {
        guard case .receivingMessages(let messageProtocol, var decoder) = self else { return ([], true) }
        self = .sendingMessages(messageProtocol)  // gives up the second reference to the decoder's bytes
        defer { self = .receivingMessages(messageProtocol, decoder) }
        decoder.append(bytes)
        var frames: [[UInt8]] = []
        do throws(LengthPrefixedError) {
            while let frame = try decoder.next() { frames.append(frame) }
            return (frames, true)
        } catch {
            return (frames, false)
        }
    }
}
