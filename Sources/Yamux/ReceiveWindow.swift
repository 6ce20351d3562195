import Timeline

/// What a peer may still send on one stream, and what of it the application has taken.
///
/// At any time `remaining` + bytes announced but not consumed + `pendingGrant` = `size`.
struct ReceiveWindow: Sendable {
    /// A window that is used up faster than in this many round trips is too small for the path.
    private static let quickRoundTrips = 4

    private(set) var size = YamuxConfiguration.initialWindow
    private(set) var remaining = YamuxConfiguration.initialWindow
    /// Delivered, not yet consumed.
    private var unread: UInt32 = 0
    /// Consumed, not yet granted again.
    private var pendingGrant: UInt32 = 0
    private var lastGrant: Instant

    init(now: Instant) {
        lastGrant = now
    }

    /// Books a Data frame as a whole, before its payload arrives; `false` when it exceeds the window.
    mutating func reserve(_ length: UInt32) -> Bool {
        guard length <= remaining else { return false }
        remaining -= length
        return true
    }

    /// Payload of a booked frame went to the application.
    mutating func deliver(_ count: Int) {
        unread &+= UInt32(clamping: count)
    }

    /// The application has taken `count` bytes (more than were delivered count as all). Answers what to grant, once it is half the window.
    mutating func consume(_ count: Int, now: Instant, roundTripTime: Duration?, limit: UInt32) -> UInt32? {
        let taken = min(UInt32(clamping: count), unread)
        unread -= taken
        pendingGrant += taken
        guard pendingGrant > 0, pendingGrant >= size / 2 else { return nil }
        return grant(now: now, roundTripTime: roundTripTime, limit: limit)
    }

    private mutating func grant(now: Instant, roundTripTime: Duration?, limit: UInt32) -> UInt32 {
        var delta = pendingGrant
        if let roundTripTime, now - lastGrant < roundTripTime * Self.quickRoundTrips {
            let grown = UInt32(clamping: min(UInt64(size) * 2, UInt64(max(limit, size))))
            delta += grown - size
            size = grown
        }
        remaining += delta
        pendingGrant = 0
        lastGrant = now
        return delta
    }
}
