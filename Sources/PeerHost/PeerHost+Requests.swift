import IPAddresses
import Multiformats
import PeerConnection

/// A question of a peer's, for the owner to answer; see ``PeerHost/answer(_:with:)``.
package struct IncomingRequest: Hashable, Sendable {
    package let peer: PeerID
    /// Where the peer's connection comes from, or leads to.
    package let remote: IPAddress?
    package let requestProtocol: RequestProtocol
    package let bytes: [UInt8]
    let link: LinkID
    let id: RequestID
}

/// Why a question has no answer.
package enum AskError: Error, Hashable, Sendable {
    /// No connection to the peer stands.
    case notConnected
    /// It ended before the answer had come.
    case connectionEnded
    case failed(RequestFailure)
}

extension AskError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notConnected: "no connection to the peer stands"
        case .connectionEnded: "the connection to the peer ended"
        case .failed(let failure): "\(failure)"
        }
    }
}

/// A question of ours that has no answer yet.
struct OpenQuestion {
    let link: LinkID
    let done: @Sendable (Result<[UInt8], AskError>) -> Void
}

/// Questions and answers.
extension PeerHost {
    /// Asks a peer to which a connection stands, and returns its answer, within the protocol's own time.
    package func ask(_ request: [UInt8], by requestProtocol: RequestProtocol, of peer: PeerID) async throws(AskError) -> [UInt8] {
        let result: Result<[UInt8], AskError> = await withCheckedContinuation { continuation in
            ask(request, by: requestProtocol, of: peer) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    /// - Parameter done: called once, on the loop.
    func ask(
        _ request: [UInt8], by requestProtocol: RequestProtocol, of peer: PeerID,
        _ done: @escaping @Sendable (Result<[UInt8], AskError>) -> Void
    ) {
        guard let link = gossipLinks[peer] ?? peers[peer]?.last else { return done(.failure(.notConnected)) }
        let id = QuestionID(rawValue: nextQuestion)
        nextQuestion += 1
        questions[id] = OpenQuestion(link: link, done: done)
        feed(.ask(requestProtocol, request: request, id), to: link)
    }

    /// Answers a request that came as an event; `nil` refuses it. Nothing happens if whoever asked is gone, or has waited too long.
    package func answer(_ request: IncomingRequest, with response: [UInt8]?) {
        feed(.answer(request.id, response: response), to: request.link)
    }

    /// A question on a connection whose end is known.
    func asked(_ link: LinkID, _ requestProtocol: RequestProtocol, _ id: RequestID, _ bytes: [UInt8]) {
        guard let peer = links[link]?.peer else { return }
        let request = IncomingRequest(
            peer: peer, remote: links[link]?.remote, requestProtocol: requestProtocol, bytes: bytes, link: link, id: id)
        if requestProtocol == Self.autoNAT, autoNATState != nil { dialBack(request) } else { emit(.request(request)) }
    }

    func answered(_ id: QuestionID, _ result: Result<[UInt8], RequestFailure>) {
        questions.removeValue(forKey: id)?.done(result.mapError { .failed($0) })
    }

    /// Nobody will answer on a connection that is gone.
    func endQuestions(on link: LinkID) {
        for (id, question) in questions.sorted(by: { $0.key.rawValue < $1.key.rawValue }) where question.link == link {
            questions[id] = nil
            question.done(.failure(.connectionEnded))
        }
    }
}
