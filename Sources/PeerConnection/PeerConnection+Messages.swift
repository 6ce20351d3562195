import Multiformats
import Timeline
import Yamux

extension PeerConnection {
    /// Sends a frame on our stream of the protocol; opens the stream if need be, and keeps the frame until it can go.
    mutating func send(
        _ frame: [UInt8], by messageProtocol: MessageProtocol, _ now: Instant, _ actions: inout [Action]
    ) throws(ConnectionFailure) {
        guard open != nil, open?.outbound[messageProtocol]?.isUnsupported != true else { return }
        let piece = max(1, configuration.yamux.maximumBufferedSendBytes)
        open?.outbound[messageProtocol, default: OutboundMessages()].enqueue(LengthPrefixed.encode(frame), piece: piece)
        guard (open?.outbound[messageProtocol]?.queuedBytes ?? 0) <= configuration.limits.maximumQueuedBytes else { throw .tooSlow }
        guard let stream = open?.outbound[messageProtocol]?.stream else {
            _ = try openStream(for: .messages(messageProtocol), now, &actions)
            return
        }
        try sendQueued(on: stream, now, &actions)
    }

    /// Hands waiting bytes to the multiplexer for as long as it takes them; one that is refused is asked for again when there is room.
    mutating func sendQueued(on stream: YamuxStreamID, _ now: Instant, _ actions: inout [Action]) throws(ConnectionFailure) {
        guard case .sendingMessages(let messageProtocol) = open?.streams[stream] else { return }
        while let piece = open?.outbound[messageProtocol]?.queued.first {
            let fits = (open?.yamux.sendCapacity(of: stream) ?? 0) >= piece.count
            if fits { open?.outbound[messageProtocol]?.dequeue() }
            try drive(.write(stream, piece), now, &actions)
            if !fits { return }
        }
    }

    /// The peer's stream of the protocol begins; an older one is given up, as go-libp2p does: a peer has one.
    mutating func beginReceiving(
        _ messageProtocol: MessageProtocol, on stream: YamuxStreamID, _ now: Instant, _ actions: inout [Action]
    ) throws(ConnectionFailure) {
        let older = open?.streams.first { entry in
            guard case .receivingMessages(messageProtocol, _) = entry.value else { return false }
            return entry.key != stream
        }
        if let older { try drive(.reset(older.key), now, &actions) }
        open?.streams[stream] = .receivingMessages(messageProtocol, LengthPrefixedDecoder(maximumLength: messageProtocol.maximumFrameBytes))
    }

    mutating func receiveMessages(
        _ bytes: [UInt8], on stream: YamuxStreamID, _ messageProtocol: MessageProtocol, _ now: Instant, _ actions: inout [Action]
    ) throws(ConnectionFailure) {
        guard let (frames, isSound) = open?.streams[stream]?.takeFrames(bytes) else { return }
        actions += frames.map { .message(messageProtocol, $0) }
        if !isSound { try drive(.reset(stream), now, &actions) }
    }
}

extension PeerConnection.OutboundMessages {
    /// Small frames that wait share a piece of so many bytes, so that a full queue has few pieces.
    private static let joinLimit = 65_536

    /// Queues a frame, in pieces that the multiplexer takes.
    fileprivate mutating func enqueue(_ frame: [UInt8], piece maximumBytes: Int) {
        queuedBytes += frame.count
        if let last = queued.indices.last, queued[last].count + frame.count <= min(maximumBytes, Self.joinLimit) {
            return queued[last].append(contentsOf: frame)
        }
        guard frame.count > maximumBytes else { return queued.append(frame) }
        var rest = frame[...]
        while !rest.isEmpty {
            queued.append(Array(rest.prefix(maximumBytes)))
            rest = rest.dropFirst(maximumBytes)
        }
    }

    fileprivate mutating func dequeue() {
        queuedBytes -= queued.removeFirst().count
    }
}
