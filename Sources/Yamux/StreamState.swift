import Timeline

/// One live stream: its two halves and their windows. It leaves the session's table when both halves are done, or by a reset.
struct StreamState: Sendable {
    enum Sending: Sendable {
        /// Takes writes. Can become `closing`.
        case open
        /// Takes no writes; FIN follows what is queued. Becomes `closed`.
        case closing
        /// FIN is sent.
        case closed
    }

    enum Receiving: Sendable {
        /// Payload is delivered. Can become `discarding`, `closed`.
        case open
        /// Nobody reads any more: payload is dropped, its window not granted again. Can become `closed`.
        case discarding
        /// FIN has come.
        case closed
    }

    /// What one turn of sending led to.
    struct Turn {
        /// The queue had refused a write and is empty now.
        var becameWritable = false
    }

    let isInbound: Bool
    /// Both sides know of it. An inbound stream is acknowledged at once.
    var isAcknowledged: Bool
    private(set) var sending = Sending.open
    var receiving = Receiving.open
    var receiveWindow: ReceiveWindow
    /// Payload bytes that the peer still takes.
    private(set) var sendWindow = YamuxConfiguration.initialWindow
    private(set) var queue = SendQueue()
    /// Stands in the session's round robin.
    var isScheduled = false
    private var owesWritable = false

    init(isInbound: Bool, now: Instant) {
        self.isInbound = isInbound
        isAcknowledged = isInbound
        receiveWindow = ReceiveWindow(now: now)
    }

    /// A turn would bring something onto the wire.
    var canSend: Bool {
        queue.isEmpty ? sending == .closing : sendWindow > 0
    }

    var isFinished: Bool {
        sending == .closed && receiving != .open
    }

    /// The peer takes `delta` bytes more; `false` when the sum does not fit 32 bits.
    mutating func widenSendWindow(by delta: UInt32) -> Bool {
        let (sum, overflow) = sendWindow.addingReportingOverflow(delta)
        sendWindow = sum
        return !overflow
    }

    /// Queues a write whole, or says why not.
    mutating func enqueue(_ bytes: [UInt8], limit: Int) -> YamuxWriteRefusal? {
        guard sending == .open else { return .closed }
        guard bytes.count <= limit else { return .tooLarge }
        guard queue.count + bytes.count <= limit else {
            owesWritable = true
            return .queueFull
        }
        queue.append(bytes)
        return nil
    }

    mutating func closeWrite() {
        guard sending == .open else { return }
        sending = .closing
        owesWritable = false
    }

    /// Sends one Data frame as far as window and limit allow, and FIN if that was the rest.
    ///
    /// FIN goes in an empty Data frame of its own: some implementations look for FIN and RST in Data frames only.
    /// Bytes that wait and that the peer takes.
    var sendableCount: Int { min(queue.count, Int(clamping: sendWindow)) }

    mutating func takeTurn(_ id: YamuxStreamID, payloadLimit: Int, output: inout [UInt8]) -> Turn {
        isScheduled = false
        let amount = min(sendableCount, payloadLimit)
        if amount > 0 {
            let length = UInt32(amount)
            FrameHeader(.data, stream: id, length: length).encode(into: &output)
            queue.move(amount, to: &output)
            sendWindow -= length
        }
        guard queue.isEmpty else { return Turn() }
        if sending == .closing {
            FrameHeader(.data, .finish, stream: id).encode(into: &output)
            sending = .closed
        }
        defer { owesWritable = false }
        return Turn(becameWritable: owesWritable)
    }
}
