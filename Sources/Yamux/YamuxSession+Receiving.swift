import Timeline

extension YamuxSession {
    mutating func receive(_ bytes: [UInt8], now: Instant) {
        guard !bytes.isEmpty else { return }
        keepAlive.received(now: now)
        do throws(YamuxProtocolError) {
            var input = bytes[...]
            while !isTerminated, let event = try decoder.next(&input) {
                switch event {
                case .header(let header): try accept(header, now: now)
                case .payload(let payload, let isLast): try deliver(payload, isLast: isLast, now: now)
                }
            }
        } catch {
            terminate(.protocolError(error))
        }
    }

    private mutating func accept(_ header: FrameHeader, now: Instant) throws(YamuxProtocolError) {
        let isForSession = header.streamID == .session
        switch header.type {
        case .data, .windowUpdate:
            guard !isForSession else { throw .streamFrameForSession }
            try acceptStreamFrame(header, now: now)
        case .ping:
            guard isForSession else { throw .sessionFrameForStream(header.streamID) }
            try acceptPing(header, now: now)
        case .goAway:
            guard isForSession else { throw .sessionFrameForStream(header.streamID) }
            acceptGoAway(code: header.length)
        }
    }

    private mutating func acceptStreamFrame(_ header: FrameHeader, now: Instant) throws(YamuxProtocolError) {
        let id = header.streamID
        arriving = nil
        if header.type == .data, header.length > configuration.windowLimit { throw .receiveWindowExceeded(id) }
        if header.flags.contains(.reset) { return try acceptReset(id, now: now) }
        if header.flags.contains(.synchronize) { try acceptOpening(id, now: now) }
        guard let stream = streams[id] else { return try acceptStray(header, now: now) }
        if header.length == 0, isUseless(header.flags, for: stream) { try glitches.spend(now: now) }
        if header.flags.contains(.acknowledge), !stream.isAcknowledged { acknowledge(id) }
        switch header.type {
        case .data: try acceptData(header)
        case .windowUpdate: try acceptWindow(header)
        case .ping, .goAway: return
        }
        if header.flags.contains(.finish), arriving == nil { try finishReceiving(id, now: now) }
    }

    private func isUseless(_ flags: FrameFlags, for stream: StreamState) -> Bool {
        let meaning = flags.intersection(.known)
        return meaning.isEmpty || (meaning == .acknowledge && stream.isAcknowledged)
    }

    /// A frame for a stream that is gone or never was: nothing is wrong with it (it may have crossed our RST), and nothing comes of it.
    /// Payload has cost its sender more than us; a frame without is a glitch. A refused SYN has been counted already.
    private mutating func acceptStray(_ header: FrameHeader, now: Instant) throws(YamuxProtocolError) {
        let hasPayload = header.type == .data && header.length > 0
        if !hasPayload, !header.flags.contains(.synchronize) { try glitches.spend(now: now) }
    }

    private mutating func acceptData(_ header: FrameHeader) throws(YamuxProtocolError) {
        let id = header.streamID
        guard header.length > 0, let stream = streams[id] else { return }
        if stream.receiving == .closed { return reset(id, .violatedByPeer) }
        guard streams[id]?.receiveWindow.reserve(header.length) == true else { throw .receiveWindowExceeded(id) }
        arriving = (id, header.flags.contains(.finish))
    }

    private mutating func acceptWindow(_ header: FrameHeader) throws(YamuxProtocolError) {
        let id = header.streamID
        guard streams[id]?.widenSendWindow(by: header.length) == true else { throw .sendWindowOverflow(id) }
        schedule(id)
    }

    private mutating func deliver(_ payload: ArraySlice<UInt8>, isLast: Bool, now: Instant) throws(YamuxProtocolError) {
        guard let (id, finishes) = arriving else { return }
        if isLast { arriving = nil }
        guard let receiving = streams[id]?.receiving else { return }
        if receiving == .open {
            glitches.earn(payload.count)
            streams[id]?.receiveWindow.deliver(payload.count)
            actions.append(.received(id, Array(payload)))
        }
        if isLast, finishes { try finishReceiving(id, now: now) }
    }

    private mutating func finishReceiving(_ id: YamuxStreamID, now: Instant) throws(YamuxProtocolError) {
        guard let stream = streams[id] else { return }
        guard stream.receiving != .closed else { return try glitches.spend(now: now) }
        streams[id]?.receiving = .closed
        actions.append(.remoteClosed(id))
        removeIfFinished(id)
    }

    /// Streams that are opened only to be reset cost the application more than the peer, so each is a glitch.
    private mutating func acceptReset(_ id: YamuxStreamID, now: Instant) throws(YamuxProtocolError) {
        if streams[id]?.isInbound ?? true { try glitches.spend(now: now) }
        remove(id, .resetByPeer)
    }

    private mutating func acceptGoAway(code: UInt32) {
        guard code == GoAwayCode.normal else { return terminate(.abortedByPeer(code: code)) }
        guard !hasReceivedGoAway else { return }
        hasReceivedGoAway = true
        actions.append(.peerGoingAway)
    }
}
