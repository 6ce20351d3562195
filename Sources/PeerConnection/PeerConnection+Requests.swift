import Multiformats
import Timeline
import Yamux

/// A question of ours that waits for its stream.
struct Question: Hashable, Sendable {
    let requestProtocol: RequestProtocol
    let id: QuestionID
    /// With its length.
    let frame: [UInt8]
    let deadline: Instant
}

extension PeerConnection {
    // MARK: We ask

    mutating func ask(
        _ request: [UInt8], by requestProtocol: RequestProtocol, _ id: QuestionID, _ now: Instant, _ actions: inout [Action]
    ) throws(ConnectionFailure) {
        let frame = LengthPrefixed.encode(request)
        guard request.count <= requestProtocol.maximumRequestBytes, frame.count <= configuration.yamux.maximumBufferedSendBytes else {
            return actions.append(.answered(id, .failure(.requestTooLong)))
        }
        let question = Question(requestProtocol: requestProtocol, id: id, frame: frame, deadline: now + requestProtocol.timeout)
        guard try openStream(for: .question(question), now, &actions) else { return actions.append(.answered(id, .failure(.noStream))) }
    }

    /// The peer speaks the protocol: the question goes out, and nothing after it.
    mutating func putQuestion(
        _ question: Question, on stream: YamuxStreamID, _ now: Instant, _ actions: inout [Action]
    ) throws(ConnectionFailure) {
        let decoder = LengthPrefixedDecoder(maximumLength: question.requestProtocol.maximumResponseBytes)
        open?.streams[stream] = .awaitingResponse(question.id, decoder, deadline: question.deadline)
        guard (open?.yamux.sendCapacity(of: stream) ?? 0) >= question.frame.count else {
            return try fail(stream, .noStream, now, &actions)
        }
        try drive(.write(stream, question.frame), now, &actions)
        try drive(.closeWrite(stream), now, &actions)
    }

    /// Takes more of a response. Behind its end nothing is read, and the stream is over without the peer's closing it.
    mutating func receiveResponse(
        _ bytes: [UInt8], on stream: YamuxStreamID, _ id: QuestionID, _ decoder: LengthPrefixedDecoder, _ deadline: Instant, _ now: Instant,
        _ actions: inout [Action]
    ) throws(ConnectionFailure) {
        var decoder = decoder
        decoder.append(bytes)
        let response: [UInt8]?
        do { response = try decoder.next() } catch { return try fail(stream, .malformedResponse, now, &actions) }
        guard let response else {
            open?.streams[stream] = .awaitingResponse(id, decoder, deadline: deadline)
            return
        }
        open?.streams[stream] = nil
        actions.append(.answered(id, .success(response)))
        try drive(.closeRead(stream), now, &actions)
    }

    /// Gives a stream up; if a question of ours was on it, it has failed.
    mutating func fail(
        _ stream: YamuxStreamID, _ failure: RequestFailure, _ now: Instant, _ actions: inout [Action]
    ) throws(ConnectionFailure) {
        if let id = open?.streams[stream]?.question {
            open?.streams[stream] = nil
            actions.append(.answered(id, .failure(failure)))
        }
        try drive(.reset(stream), now, &actions)
    }

    // MARK: We are asked

    func readingRequest(_ requestProtocol: RequestProtocol, from now: Instant) -> StreamState {
        .readingRequest(
            requestProtocol, LengthPrefixedDecoder(maximumLength: requestProtocol.maximumRequestBytes),
            deadline: now + requestProtocol.timeout)
    }

    /// Takes more of a request; once it is whole, it is the owner's.
    mutating func receiveRequest(
        _ bytes: [UInt8], on stream: YamuxStreamID, _ requestProtocol: RequestProtocol, _ decoder: LengthPrefixedDecoder,
        _ deadline: Instant, _ now: Instant, _ actions: inout [Action]
    ) throws(ConnectionFailure) {
        var decoder = decoder
        decoder.append(bytes)
        let request: [UInt8]?
        do { request = try decoder.next() } catch { return try drive(.reset(stream), now, &actions) }
        guard let request else {
            open?.streams[stream] = .readingRequest(requestProtocol, decoder, deadline: deadline)
            return
        }
        open?.streams[stream] = .considering(requestProtocol, deadline: deadline)
        actions.append(.request(requestProtocol, RequestID(stream: stream), request))
    }

    /// The owner's answer; `nil` refuses. One to a request that is over is dropped.
    mutating func answer(
        _ id: RequestID, _ response: [UInt8]?, _ now: Instant, _ actions: inout [Action]
    ) throws(ConnectionFailure) {
        guard case .considering(let requestProtocol, let deadline) = open?.streams[id.stream] else { return }
        let frame = response.map { LengthPrefixed.encode($0) }
        guard let frame, (open?.yamux.sendCapacity(of: id.stream) ?? 0) >= frame.count else {
            return try drive(.reset(id.stream), now, &actions)
        }
        open?.streams[id.stream] = .responding(requestProtocol, deadline: deadline)
        try drive(.write(id.stream, frame), now, &actions)
        try drive(.closeWrite(id.stream), now, &actions)
    }
}

extension StreamState {
    /// The question of ours that the stream is for.
    var question: QuestionID? {
        switch self {
        case .proposing(_, .question(let question), _): question.id
        case .awaitingResponse(let id, _, _): id
        case .proposing, .answering, .sendingMessages, .receivingMessages, .readingIdentify, .readingPush, .echoing, .describing,
            .readingRequest, .considering, .responding:
            nil
        }
    }

    /// The protocol of the peer's request that the stream is for.
    var incomingRequest: RequestProtocol? {
        switch self {
        case .readingRequest(let requestProtocol, _, _), .considering(let requestProtocol, _), .responding(let requestProtocol, _):
            requestProtocol
        case .proposing, .answering, .sendingMessages, .receivingMessages, .readingIdentify, .readingPush, .echoing, .describing,
            .awaitingResponse:
            nil
        }
    }
}
