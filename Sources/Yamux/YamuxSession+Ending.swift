extension YamuxSession {
    /// Ends a stream at once. RST goes in a Data frame, where every implementation looks for it.
    mutating func reset(_ id: YamuxStreamID, _ end: YamuxStreamEnd) {
        guard streams[id] != nil else { return }
        send(FrameHeader(.data, .reset, stream: id))
        remove(id, end)
    }

    mutating func closeRead(_ id: YamuxStreamID) {
        guard streams[id]?.receiving == .open else { return }
        streams[id]?.receiving = .discarding
        removeIfFinished(id)
    }

    mutating func removeIfFinished(_ id: YamuxStreamID) {
        guard streams[id]?.isFinished == true else { return }
        remove(id, .finished)
    }

    mutating func remove(_ id: YamuxStreamID, _ end: YamuxStreamEnd) {
        guard let stream = streams.removeValue(forKey: id) else { return }
        if stream.isInbound { inboundCount -= 1 }
        if !stream.isAcknowledged { pendingOpens -= 1 }
        if stream.isScheduled { ready.removeAll { $0 == id } }
        actions.append(.closed(id, end))
    }

    mutating func goAway() {
        guard !hasSentGoAway else { return }
        hasSentGoAway = true
        send(FrameHeader(.goAway, length: GoAwayCode.normal))
    }

    mutating func endIfGoneAway() {
        guard !isTerminated, streams.isEmpty, hasSentGoAway || hasReceivedGoAway else { return }
        terminate(hasSentGoAway ? .wentAway : .peerWentAway)
    }

    mutating func terminate(_ reason: YamuxTermination) {
        if case .protocolError = reason { send(FrameHeader(.goAway, length: GoAwayCode.protocolError)) }
        ready = []
        for id in streams.keys.sorted() { remove(id, .sessionEnded) }
        arriving = nil
        isTerminated = true
        actions.append(.terminated(reason))
    }
}
