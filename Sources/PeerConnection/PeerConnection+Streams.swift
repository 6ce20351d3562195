import Multiformats
import SecureChannel
import Timeline
import Yamux

extension PeerConnection {
    /// The ids of all protocols that we answer, in the order in which identify lists them.
    var supportedProtocols: [String] {
        [IdentifyProtocol.id, IdentifyProtocol.pushID, PingProtocol.id] + configuration.messageProtocols.flatMap(\.ids)
            + configuration.requestProtocols.map(\.id)
    }

    mutating func carryOut(_ action: YamuxSession.Action, _ now: Instant, _ actions: inout [Action]) throws(ConnectionFailure) {
        switch action {
        case .send, .opened, .openRefused, .writeRefused, .peerGoingAway:
            break  // bytes are written by `drive`, answers are read where the question was asked
        case .inbound(let stream):
            try accept(stream, now, &actions)
        case .received(let stream, let bytes):
            try drive(.consumed(stream, bytes.count), now, &actions)
            try receive(bytes, on: stream, now, &actions)
        case .remoteClosed(let stream):
            try remoteClosed(stream, now, &actions)
        case .closed(let stream, _):
            try ended(stream, now, &actions)
        case .writable(let stream):
            try sendQueued(on: stream, now, &actions)
        case .terminated(let reason):
            throw reason.isGoodbye ? .goodbye : .multiplexer("\(reason)")
        }
    }

    /// Opens a stream and proposes what it is for. Refused by the multiplexer: nothing is opened, and the purpose is as good as unsupported.
    ///
    /// - Returns: whether it was opened.
    mutating func openStream(
        for purpose: StreamState.Purpose, _ now: Instant, _ actions: inout [Action]
    ) throws(ConnectionFailure) -> Bool {
        guard let produced = open?.yamux.handle(.open, now: now) else { return false }
        var opened: YamuxStreamID?
        for case .opened(let stream) in produced { opened = stream }
        guard let stream = opened else { return false }
        var negotiation = MultistreamNegotiation(proposing: purpose.protocolIDs)
        let proposal = negotiation.start()
        let deadline = purpose.deadline ?? now + configuration.limits.streamNegotiationTimeout
        open?.streams[stream] = .proposing(negotiation, purpose, deadline: deadline)
        if case .messages(let messageProtocol) = purpose { open?.outbound[messageProtocol, default: OutboundMessages()].stream = stream }
        for case .send(let bytes) in produced { try write(bytes, &actions) }
        try drive(.write(stream, proposal), now, &actions)
        return true
    }

    private mutating func accept(_ stream: YamuxStreamID, _ now: Instant, _ actions: inout [Action]) throws(ConnectionFailure) {
        var negotiation = MultistreamNegotiation(supporting: supportedProtocols)
        let greeting = negotiation.start()
        let deadline = now + configuration.limits.streamNegotiationTimeout
        open?.streams[stream] = .answering(negotiation, deadline: deadline)
        try drive(.write(stream, greeting), now, &actions)
    }

    /// Routes bytes to what the stream is for. The state is taken out and put back, so a stream that ends meanwhile stays gone.
    mutating func receive(
        _ bytes: [UInt8], on stream: YamuxStreamID, _ now: Instant, _ actions: inout [Action]
    ) throws(ConnectionFailure) {
        // Apart from the others, so that nobody else holds its incomplete frame.
        if case .receivingMessages(let messageProtocol, _) = open?.streams[stream] {
            return try receiveMessages(bytes, on: stream, messageProtocol, now, &actions)
        }
        guard let state = open?.streams[stream] else { return }
        switch state {
        case .proposing(let negotiation, let purpose, let deadline):
            try receiveAnswer(bytes, on: stream, negotiation, purpose, deadline, now, &actions)
        case .answering(let negotiation, let deadline):
            try receiveProposal(bytes, on: stream, negotiation, deadline, now, &actions)
        case .readingIdentify(let decoder, let collector, let deadline):
            guard let (decoder, collector) = try collect(bytes, on: stream, decoder, collector, now, &actions) else { return }
            open?.streams[stream] = .readingIdentify(decoder, collector, deadline: deadline)
        case .readingPush(let decoder, let collector, let deadline):
            guard let (decoder, collector) = try collect(bytes, on: stream, decoder, collector, now, &actions) else { return }
            open?.streams[stream] = .readingPush(decoder, collector, deadline: deadline)
        case .echoing(let pending):
            try echo(bytes, on: stream, pending, now, &actions)
        case .awaitingResponse(let id, let decoder, let deadline):
            try receiveResponse(bytes, on: stream, id, decoder, deadline, now, &actions)
        case .readingRequest(let requestProtocol, let decoder, let deadline):
            try receiveRequest(bytes, on: stream, requestProtocol, decoder, deadline, now, &actions)
        case .sendingMessages, .receivingMessages, .describing, .considering, .responding:
            break  // frames are taken above; on the others nothing is expected, and a peer that talks anyway is not listened to
        }
    }

    private mutating func receiveAnswer(
        _ bytes: [UInt8], on stream: YamuxStreamID, _ negotiation: MultistreamNegotiation, _ purpose: StreamState.Purpose,
        _ deadline: Instant, _ now: Instant, _ actions: inout [Action]
    ) throws(ConnectionFailure) {
        var negotiation = negotiation
        let step: MultistreamNegotiation.Step
        do throws(MultistreamError) {
            step = try negotiation.receive(bytes)
        } catch {
            if error == .noProtocolInCommon, case .messages(let messageProtocol) = purpose {
                open?.outbound[messageProtocol]?.isUnsupported = true
            }
            // `ended` tells that any other purpose failed.
            return try fail(stream, error == .noProtocolInCommon ? .unsupported : .refused, now, &actions)
        }
        open?.streams[stream] = .proposing(negotiation, purpose, deadline: deadline)
        if !step.send.isEmpty { try drive(.write(stream, step.send), now, &actions) }
        guard let outcome = step.outcome else { return }
        switch purpose {
        case .messages(let messageProtocol):
            open?.streams[stream] = .sendingMessages(messageProtocol)
            actions.append(.canSend(messageProtocol, id: outcome.protocolID))
            try sendQueued(on: stream, now, &actions)
        case .identify:
            let reading = readingIdentify(from: now)
            open?.streams[stream] = reading
            try receive(outcome.remainder, on: stream, now, &actions)
        case .push:
            let waiting = describing(from: now)
            open?.streams[stream] = waiting
            try describe(on: stream, now, &actions)
        case .question(let question):
            try putQuestion(question, on: stream, now, &actions)
            try receive(outcome.remainder, on: stream, now, &actions)
        }
    }

    private mutating func receiveProposal(
        _ bytes: [UInt8], on stream: YamuxStreamID, _ negotiation: MultistreamNegotiation, _ deadline: Instant, _ now: Instant,
        _ actions: inout [Action]
    ) throws(ConnectionFailure) {
        var negotiation = negotiation
        guard let step = try? negotiation.receive(bytes) else { return try drive(.reset(stream), now, &actions) }
        open?.streams[stream] = .answering(negotiation, deadline: deadline)
        if !step.send.isEmpty { try drive(.write(stream, step.send), now, &actions) }
        guard let outcome = step.outcome else { return }
        try serve(outcome.protocolID, on: stream, now, &actions)
        try receive(outcome.remainder, on: stream, now, &actions)
    }

    /// Begins to answer a protocol on a stream that the peer opened.
    private mutating func serve(
        _ protocolID: String, on stream: YamuxStreamID, _ now: Instant, _ actions: inout [Action]
    ) throws(ConnectionFailure) {
        let limits = configuration.limits
        switch protocolID {
        case IdentifyProtocol.id:
            let isAdmitted = try admit(describing(from: now), on: stream, limit: limits.maximumIdentifyStreams, now, &actions)
            if isAdmitted { try describe(on: stream, now, &actions) }
        case IdentifyProtocol.pushID:
            _ = try admit(readingPush(from: now), on: stream, limit: limits.maximumIdentifyStreams, now, &actions)
        case PingProtocol.id:
            _ = try admit(.echoing(pending: []), on: stream, limit: limits.maximumPingStreams, now, &actions)
        default:
            if let asked = configuration.requestProtocols.first(where: { $0.id == protocolID }) {
                let limit = asked.maximumOpenRequests
                _ = try admit(readingRequest(asked, from: now), on: stream, limit: limit, now, &actions)
                return
            }
            guard let messageProtocol = configuration.messageProtocols.first(where: { $0.ids.contains(protocolID) }) else { return }
            try beginReceiving(messageProtocol, on: stream, now, &actions)
        }
    }

    /// Lets one more stream of a kind in, or resets it if there are as many as there may be.
    private mutating func admit(
        _ state: StreamState, on stream: YamuxStreamID, limit: Int, _ now: Instant, _ actions: inout [Action]
    ) throws(ConnectionFailure) -> Bool {
        let sameKind = open?.streams.values.count { $0.isSameKind(as: state) } ?? 0
        guard sameKind < limit else {
            try drive(.reset(stream), now, &actions)
            return false
        }
        open?.streams[stream] = state
        return true
    }

    private mutating func describe(on stream: YamuxStreamID, _ now: Instant, _ actions: inout [Action]) throws(ConnectionFailure) {
        try drive(.write(stream, description()), now, &actions)
        try drive(.closeWrite(stream), now, &actions)
    }

    /// The peer will send no more on this stream.
    private mutating func remoteClosed(_ stream: YamuxStreamID, _ now: Instant, _ actions: inout [Action]) throws(ConnectionFailure) {
        switch open?.streams[stream] {
        case .readingIdentify(_, let collector, _), .readingPush(_, let collector, _):
            if let description = collector.collected { actions.append(.identified(description)) }
            try drive(.closeWrite(stream), now, &actions)
        case .echoing, .receivingMessages, .describing:
            try drive(.closeWrite(stream), now, &actions)
        case .responding:
            break  // both have closed: it is gone
        case .considering:
            break  // who asks has said all, and waits
        case .proposing, .answering, .sendingMessages, .readingRequest, .awaitingResponse:
            try fail(stream, .refused, now, &actions)
        case nil:
            break
        }
    }

    /// The stream is gone. One that the peer has no protocol for is not opened again; one that was lost, or was not answered in
    /// time, is, a few times.
    private mutating func ended(_ stream: YamuxStreamID, _ now: Instant, _ actions: inout [Action]) throws(ConnectionFailure) {
        let state = open?.streams.removeValue(forKey: stream)
        if let question = state?.question { actions.append(.answered(question, .failure(.refused))) }
        switch state {
        case .proposing(_, .messages(let messageProtocol), _), .sendingMessages(let messageProtocol):
            try lost(messageProtocol, now, &actions)
        case .proposing, .answering, .receivingMessages, .readingIdentify, .readingPush, .echoing, .describing, .awaitingResponse,
            .readingRequest, .considering, .responding, nil:
            break
        }
    }

    private mutating func lost(_ messageProtocol: MessageProtocol, _ now: Instant, _ actions: inout [Action]) throws(ConnectionFailure) {
        let before = open?.outbound[messageProtocol] ?? OutboundMessages()
        let after = OutboundMessages(isUnsupported: before.isUnsupported, reopened: before.reopened + 1)
        open?.outbound[messageProtocol] = after
        actions.append(.cannotSend(messageProtocol))
        let isWanted = messageProtocol.opensAtOnce && !after.isUnsupported
        guard isWanted, after.reopened <= configuration.limits.maximumReopenedStreams else { return }
        _ = try openStream(for: .messages(messageProtocol), now, &actions)
    }
}

extension StreamState {
    fileprivate func isSameKind(as other: StreamState) -> Bool {
        switch (self, other) {
        case (.readingPush, .readingPush), (.echoing, .echoing), (.describing, .describing): true
        default: incomingRequest != nil && incomingRequest == other.incomingRequest
        }
    }
}

extension StreamState.Purpose {
    var protocolIDs: [String] {
        switch self {
        case .messages(let messageProtocol): messageProtocol.ids
        case .identify: [IdentifyProtocol.id]
        case .push: [IdentifyProtocol.pushID]
        case .question(let question): [question.requestProtocol.id]
        }
    }

    /// Until when it must be reached, if that is earlier or later than for others.
    var deadline: Instant? {
        if case .question(let question) = self { question.deadline } else { nil }
    }
}
