import DequeModule
import Timeline

/// One end of a yamux session (libp2p specs, yamux/README.md): many streams over one ordered, reliable, secured byte stream.
///
/// Bytes and requests go in, bytes and news come out; it does no I/O. If there are bytes for the transport, the first action is the one
/// `send`, and it is safe to hand the actions out one by one: whatever a callback then feeds in comes after them on the wire.
package struct YamuxSession: Sendable {
    /// Who opened the connection below: its streams have odd ids.
    package enum Role: Sendable, Hashable {
        case initiator
        case responder
    }

    package enum Input: Sendable {
        /// Bytes from the secure channel, in any chunking.
        case received([UInt8])
        /// Open a stream. Answered by `opened` or `openRefused`.
        case open
        /// Send; what the window does not allow yet is queued. Answered by `writeRefused` if it is not taken. Silent for a stream that is gone.
        case write(YamuxStreamID, [UInt8])
        /// FIN after what is queued.
        case closeWrite(YamuxStreamID)
        /// Nobody will read the stream any more: the rest that comes is dropped. With `closeWrite` the stream is done, as for go's `Close`.
        case closeRead(YamuxStreamID)
        /// End the stream at once; what is queued is dropped.
        case reset(YamuxStreamID)
        /// The application has taken so many received bytes: grants window in time. A stream that is not consumed stalls its sender.
        case consumed(YamuxStreamID, Int)
        /// Whether the transport takes bytes (at first it does). While it does not, data stays in the streams' queues and replies are counted
        /// against ``YamuxConfiguration/maximumControlBacklog``; then pongs overtake the data.
        case transportWritable(Bool)
        /// ``YamuxSession/nextDeadline`` has come. Harmless when early.
        case deadlineReached
        /// Send a Ping, unless a recent round-trip time is known; see ``YamuxConfiguration/roundTripProbeInterval``.
        case measureRoundTrip
        /// Orderly shutdown: no new streams either way; `terminated` follows when the last stream is gone.
        case goAway
    }

    package enum Action: Sendable, Equatable {
        /// Bytes for the secure channel: control frames, then data. At most one per call, in front.
        case send([UInt8])
        /// The answer to `open`.
        case opened(YamuxStreamID)
        /// The answer to `open`.
        case openRefused(YamuxOpenRefusal)
        /// The peer opened a stream; it is accepted.
        case inbound(YamuxStreamID)
        /// Payload; report it by `consumed` when the application has taken it.
        case received(YamuxStreamID, [UInt8])
        /// FIN: no more data will come.
        case remoteClosed(YamuxStreamID)
        /// The stream is gone; no further actions for it.
        case closed(YamuxStreamID, YamuxStreamEnd)
        /// The answer to a `write` that was not taken.
        case writeRefused(YamuxStreamID, YamuxWriteRefusal)
        /// The queue is empty after a write was refused for `queueFull`.
        case writable(YamuxStreamID)
        /// The peer accepts no new streams. Live ones go on; `terminated` follows when the last is gone.
        case peerGoingAway
        /// The session is over and the caller must close the connection. All streams were reported `closed` before. Nothing follows.
        case terminated(YamuxTermination)
    }

    let role: Role
    let configuration: YamuxConfiguration

    var streams: [YamuxStreamID: StreamState] = [:]
    var inboundCount = 0
    var pendingOpens = 0
    var nextLocalID: YamuxStreamID?
    var peerIDs = StreamIDLedger()

    var decoder = FrameDecoder()
    /// The stream that the payload now arriving belongs to, and whether FIN follows; `nil` when it is dropped.
    var arriving: (id: YamuxStreamID, finishes: Bool)?
    var glitches: GlitchBudget

    /// Streams that can send, in the order of their turns.
    var ready = Deque<YamuxStreamID>()
    var isTransportWritable = true
    var controlBacklog = 0

    var keepAlive: KeepAlive
    var pings = PingMonitor()

    var hasSentGoAway = false
    /// The peer wants to end the session: it opens no streams any more.
    package internal(set) var hasReceivedGoAway = false
    package internal(set) var isTerminated = false

    /// What the input at hand has led to so far.
    var outgoing: [UInt8] = []
    var actions: [Action] = []

    package init(role: Role, configuration: YamuxConfiguration = YamuxConfiguration(), now: Instant) {
        self.role = role
        self.configuration = configuration
        nextLocalID = YamuxStreamID(rawValue: role == .initiator ? 1 : 2)
        glitches = GlitchBudget(configuration, now: now)
        keepAlive = KeepAlive(configuration, now: now)
    }

    /// Takes one input. After `terminated` every input leads to nothing.
    package mutating func handle(_ input: Input, now: Instant) -> [Action] {
        guard !isTerminated else { return [] }
        dispatch(input, now: now)
        sendReadyStreams()
        endIfGoneAway()
        return takeActions()
    }

    /// When `deadlineReached` is due; `nil` while the keep-alive is off.
    package var nextDeadline: Instant? { isTerminated ? nil : keepAlive.nextDeadline }

    /// The smoothed time from a Ping to its answer, once one was measured.
    package var roundTripTime: Duration? { pings.roundTripTime }

    package var streamCount: Int { streams.count }

    /// Bytes that wait for a window or for the transport, on all streams.
    package var bufferedSendBytes: Int { streams.values.reduce(0) { $0 + $1.queue.count } }

    /// The bytes that a `write` may have now without refusal; `nil` for a stream that is gone or closed for writing.
    package func sendCapacity(of id: YamuxStreamID) -> Int? {
        guard let stream = streams[id], stream.sending == .open else { return nil }
        return max(0, configuration.maximumBufferedSendBytes - stream.queue.count)
    }

    private mutating func dispatch(_ input: Input, now: Instant) {
        switch input {
        case .received(let bytes): receive(bytes, now: now)
        case .open: open(now: now)
        case .write(let id, let bytes): write(bytes, on: id)
        case .closeWrite(let id): closeWrite(id)
        case .closeRead(let id): closeRead(id)
        case .reset(let id): reset(id, .resetLocally)
        case .consumed(let id, let count): consume(count, of: id, now: now)
        case .transportWritable(let isWritable): setTransportWritable(isWritable)
        case .deadlineReached: checkKeepAlive(now: now)
        case .measureRoundTrip: probeRoundTrip(now: now)
        case .goAway: goAway()
        }
    }

    private mutating func takeActions() -> [Action] {
        if !outgoing.isEmpty {
            actions.insert(.send(outgoing), at: 0)
            outgoing = []
        }
        defer { actions = [] }
        return actions
    }
}
