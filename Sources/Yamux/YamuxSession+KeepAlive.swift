import Timeline

/// Watches the peer's silence.
struct KeepAlive: Sendable {
    private let interval: Duration?
    private let timeout: Duration
    private var lastReceived: Instant
    /// When the Ping went out that has seen no byte since.
    private var waitingSince: Instant?

    enum Verdict {
        case nothing
        case ping
        case timeout
    }

    init(_ configuration: YamuxConfiguration, now: Instant) {
        interval = configuration.keepAliveInterval
        timeout = configuration.keepAliveTimeout
        lastReceived = now
    }

    var nextDeadline: Instant? {
        guard let interval else { return nil }
        return waitingSince.map { $0 + timeout } ?? lastReceived + interval
    }

    /// Any byte proves that the peer lives.
    mutating func received(now: Instant) {
        lastReceived = now
        waitingSince = nil
    }

    mutating func check(now: Instant) -> Verdict {
        guard let nextDeadline, now >= nextDeadline else { return .nothing }
        guard waitingSince == nil else { return .timeout }
        waitingSince = now
        return .ping
    }
}

/// The one Ping that we wait for, and what the answers tell.
struct PingMonitor: Sendable {
    private var nextValue: UInt32 = 0
    private var outstanding: (value: UInt32, sentAt: Instant)?
    private var measuredAt: Instant?
    private(set) var roundTripTime: Duration?

    /// A Ping goes out; an earlier one is no longer waited for.
    mutating func sent(now: Instant) -> UInt32 {
        defer { nextValue &+= 1 }
        outstanding = (nextValue, now)
        return nextValue
    }

    /// `false` when nobody asked.
    mutating func answered(_ value: UInt32, now: Instant) -> Bool {
        guard let (expected, sentAt) = outstanding, expected == value else { return false }
        let sample = max(.zero, now - sentAt)
        roundTripTime = roundTripTime.map { ($0 + sample) / 2 } ?? sample
        measuredAt = now
        outstanding = nil
        return true
    }

    func isStale(after interval: Duration, now: Instant) -> Bool {
        guard outstanding == nil else { return false }
        return measuredAt.map { now - $0 >= interval } ?? true
    }
}

extension YamuxSession {
    mutating func checkKeepAlive(now: Instant) {
        switch keepAlive.check(now: now) {
        case .nothing: return
        case .ping: sendPing(now: now)
        case .timeout: terminate(.keepAliveTimeout)
        }
    }

    /// Measures the round trip when somebody asks, or a stream receives in bulk, and no recent value is known.
    mutating func probeRoundTrip(now: Instant) {
        guard let interval = configuration.roundTripProbeInterval, pings.isStale(after: interval, now: now) else { return }
        sendPing(now: now)
    }

    private mutating func sendPing(now: Instant) {
        send(FrameHeader(.ping, .synchronize, length: pings.sent(now: now)))
    }

    mutating func acceptPing(_ header: FrameHeader, now: Instant) throws(YamuxProtocolError) {
        if header.flags.contains(.synchronize) {
            try glitches.spend(now: now)
            try reply(FrameHeader(.ping, .acknowledge, length: header.length))
        } else if !header.flags.contains(.acknowledge) || !pings.answered(header.length, now: now) {
            try glitches.spend(now: now)
        }
    }
}
