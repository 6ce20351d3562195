import Timeline

extension YamuxSession {
    /// Data is sent only after all input of a call is dealt with, so whatever is sent here goes ahead of it.
    mutating func send(_ header: FrameHeader) {
        header.encode(into: &outgoing)
    }

    /// Sends what the peer made us send. A peer that asks without reading the answers is cut off.
    mutating func reply(_ header: FrameHeader) throws(YamuxProtocolError) {
        send(header)
        guard !isTransportWritable else { return }
        controlBacklog += 1
        if controlBacklog > configuration.maximumControlBacklog { throw .controlBacklogExceeded }
    }

    mutating func setTransportWritable(_ isWritable: Bool) {
        isTransportWritable = isWritable
        if isWritable { controlBacklog = 0 }
    }

    mutating func write(_ bytes: [UInt8], on id: YamuxStreamID) {
        guard streams[id] != nil else { return }
        if let refusal = streams[id]?.enqueue(bytes, limit: configuration.maximumBufferedSendBytes) {
            actions.append(.writeRefused(id, refusal))
        } else {
            schedule(id)
        }
    }

    mutating func closeWrite(_ id: YamuxStreamID) {
        streams[id]?.closeWrite()
        schedule(id)
    }

    mutating func consume(_ count: Int, of id: YamuxStreamID, now: Instant) {
        guard count > 0, streams[id]?.receiving == .open else { return }
        let (roundTrip, limit) = (roundTripTime, configuration.windowLimit)
        guard let delta = streams[id]?.receiveWindow.consume(count, now: now, roundTripTime: roundTrip, limit: limit) else { return }
        send(FrameHeader(.windowUpdate, stream: id, length: delta))
        probeRoundTrip(now: now)
    }

    /// Gives the stream a turn if it has something to send and may.
    mutating func schedule(_ id: YamuxStreamID) {
        guard let stream = streams[id], !stream.isScheduled, stream.canSend else { return }
        streams[id]?.isScheduled = true
        ready.append(id)
    }

    /// What a stream may send now, in frames.
    private func encodedBytes(waitingOn id: YamuxStreamID) -> Int {
        let count = streams[id]?.sendableCount ?? 0
        return count + (count / configuration.framePayloadLimit + 1) * FrameHeader.byteCount
    }

    /// One frame of each stream in turn, until windows or queues are used up.
    mutating func sendReadyStreams() {
        guard isTransportWritable, !isTerminated, !ready.isEmpty else { return }
        outgoing.reserveCapacity(ready.reduce(outgoing.count) { $0 + encodedBytes(waitingOn: $1) })
        while let id = ready.popFirst() {
            let turn = streams[id]?.takeTurn(id, payloadLimit: configuration.framePayloadLimit, output: &outgoing)
            guard let turn else { continue }
            if turn.becameWritable { actions.append(.writable(id)) }
            removeIfFinished(id)
            schedule(id)
        }
    }
}
