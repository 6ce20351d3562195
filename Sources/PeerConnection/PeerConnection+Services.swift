import Multiformats
import Timeline
import Yamux

enum PingProtocol {
    static let id = "/ipfs/ping/1.0.0"
    /// A ping is so many bytes, and the answer the same bytes (libp2p ping/ping.md).
    static let byteCount = 32
}

extension PeerConnection {
    /// Our own description, as identify and identify/push send it.
    func description() -> [UInt8] {
        IdentifyProtocol.encode(
            configuration, listenAddresses: listenAddresses, protocols: supportedProtocols, observedAddress: remoteAddress,
            signedPeerRecord: signedPeerRecord)
    }

    func readingIdentify(from now: Instant) -> StreamState {
        .readingIdentify(partDecoder, IdentifyCollector(limits: configuration.limits), deadline: now + configuration.limits.identifyTimeout)
    }

    func readingPush(from now: Instant) -> StreamState {
        .readingPush(partDecoder, IdentifyCollector(limits: configuration.limits), deadline: now + configuration.limits.identifyTimeout)
    }

    func describing(from now: Instant) -> StreamState {
        .describing(deadline: now + configuration.limits.identifyTimeout)
    }

    private var partDecoder: LengthPrefixedDecoder {
        LengthPrefixedDecoder(maximumLength: configuration.limits.maximumIdentifyBytes)
    }

    /// Takes more of a description; `nil` when the peer broke the rules and the stream was reset.
    mutating func collect(
        _ bytes: [UInt8], on stream: YamuxStreamID, _ decoder: LengthPrefixedDecoder, _ collector: IdentifyCollector, _ now: Instant,
        _ actions: inout [Action]
    ) throws(ConnectionFailure) -> (LengthPrefixedDecoder, IdentifyCollector)? {
        var (decoder, collector) = (decoder, collector)
        decoder.append(bytes)
        var isValid = true
        do {
            while isValid, let part = try decoder.next() { isValid = collector.add(part) }
        } catch {
            isValid = false
        }
        if isValid { return (decoder, collector) }
        try drive(.reset(stream), now, &actions)
        return nil
    }

    /// Answers whole pings; the rest waits for more bytes.
    mutating func echo(
        _ bytes: [UInt8], on stream: YamuxStreamID, _ pending: [UInt8], _ now: Instant, _ actions: inout [Action]
    ) throws(ConnectionFailure) {
        let all = pending + bytes
        let whole = all.count / PingProtocol.byteCount * PingProtocol.byteCount
        open?.streams[stream] = .echoing(pending: Array(all[whole...]))
        guard whole > 0 else { return }
        // A peer that pings without reading the answers fills its queue, and is cut off.
        guard let room = open?.yamux.sendCapacity(of: stream), room >= whole else { return try drive(.reset(stream), now, &actions) }
        try drive(.write(stream, Array(all[..<whole])), now, &actions)
    }
}
