import Timeline

extension YamuxSession {
    /// SYN goes out at once, as an empty WindowUpdate; data may follow without waiting for the ACK.
    mutating func open(now: Instant) {
        switch openingID() {
        case .failure(let refusal):
            actions.append(.openRefused(refusal))
        case .success(let id):
            let (following, overflow) = id.rawValue.addingReportingOverflow(2)
            nextLocalID = overflow ? nil : YamuxStreamID(rawValue: following)
            streams[id] = StreamState(isInbound: false, now: now)
            pendingOpens += 1
            send(FrameHeader(.windowUpdate, .synchronize, stream: id))
            actions.append(.opened(id))
        }
    }

    private func openingID() -> Result<YamuxStreamID, YamuxOpenRefusal> {
        if hasSentGoAway { return .failure(.goingAway) }
        if hasReceivedGoAway { return .failure(.peerGoingAway) }
        guard pendingOpens < configuration.maximumPendingOpens else { return .failure(.tooManyPending) }
        guard let id = nextLocalID else { return .failure(.idsExhausted) }
        return .success(id)
    }

    mutating func acknowledge(_ id: YamuxStreamID) {
        streams[id]?.isAcknowledged = true
        pendingOpens -= 1
    }

    /// Takes a stream of the peer into the table and acknowledges it, or resets it when there is no room.
    mutating func acceptOpening(_ id: YamuxStreamID, now: Instant) throws(YamuxProtocolError) {
        let isOdd = id.rawValue % 2 == 1
        guard isOdd == (role == .responder) else { throw .openedWithOurParity(id) }
        guard peerIDs.insert(id) else { throw .openedTwice(id) }
        guard !hasSentGoAway, !hasReceivedGoAway, inboundCount < configuration.maximumInboundStreams else {
            try glitches.spend(now: now)
            return try reply(FrameHeader(.data, .reset, stream: id))
        }
        streams[id] = StreamState(isInbound: true, now: now)
        inboundCount += 1
        try reply(FrameHeader(.windowUpdate, .acknowledge, stream: id))
        actions.append(.inbound(id))
    }
}
