import Multiformats
import Yamux

/// A protocol of questions and answers, each pair on a stream of its own: who asks writes one length-prefixed message and closes, who is
/// asked does the same in return.
///
/// AutoNAT is of this kind; so is most of what programs want of each other.
package struct RequestProtocol: Hashable, Sendable {
    package let id: String
    /// The longest request that is accepted, in bytes without its length prefix; nor is one sent that is longer than
    /// ``YamuxConfiguration/maximumBufferedSendBytes``.
    package let maximumRequestBytes: Int
    /// The longest response that is accepted; the other limit holds as above.
    package let maximumResponseBytes: Int
    /// From the opening of the stream until the response is there. Both sides keep to it.
    package let timeout: Duration
    /// Requests of this protocol that a peer may have open on one connection.
    package let maximumOpenRequests: Int

    package init(
        _ id: String, maximumRequestBytes: Int, maximumResponseBytes: Int, timeout: Duration = .seconds(30), maximumOpenRequests: Int = 8
    ) {
        self.id = id
        self.maximumRequestBytes = maximumRequestBytes
        self.maximumResponseBytes = maximumResponseBytes
        self.timeout = timeout
        self.maximumOpenRequests = maximumOpenRequests
    }

    /// One id tells the protocols of a host apart.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(id)
    }
}

/// Tells the questions apart that we have asked on a connection; whoever asks chooses it.
package struct QuestionID: Hashable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }
}

/// Tells the requests apart that a peer has sent on a connection. None is used twice.
package struct RequestID: Hashable, Sendable {
    let stream: YamuxStreamID
}

/// Why a question has no answer.
package enum RequestFailure: Error, Hashable, Sendable {
    /// The peer does not speak the protocol.
    case unsupported
    /// No whole answer in time.
    case timedOut
    /// The peer gave the question up, or closed without an answer.
    case refused
    /// The answer is longer than the protocol allows, or no frame.
    case malformedResponse
    /// The question is longer than can be sent.
    case requestTooLong
    /// No stream can be opened: the connection does not stand, is being ended, or has too many.
    case noStream
}

extension RequestFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unsupported: "the peer does not speak this protocol"
        case .timedOut: "no answer in time"
        case .refused: "the peer did not answer the question"
        case .malformedResponse: "the answer is longer than may be, or no answer"
        case .requestTooLong: "the question is too long"
        case .noStream: "no further stream can be opened to the peer"
        }
    }
}
