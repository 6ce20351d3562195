import Multiformats
import Timeline

/// Messages that were delivered and await the application's verdict before they are forwarded.
struct PendingValidations: Sendable {
    struct Entry: Sendable {
        let message: WireMessage
        let receivedFrom: PeerID
        /// Everybody who sent it to us so far: they need not get it back.
        var senders: Set<PeerID>
        let since: Instant
    }

    private let maximumCount: Int
    private let maximumBytes: Int
    private let ttl: Duration
    private var entries: [MessageID: Entry] = [:]
    private(set) var byteCount = 0

    /// - Parameter ttl: after this long without a verdict, an entry gives way to another one.
    init(maximumCount: Int, maximumBytes: Int, ttl: Duration) {
        self.maximumCount = maximumCount
        self.maximumBytes = maximumBytes
        self.ttl = ttl
    }

    var count: Int { entries.count }

    /// False: full, the message was not taken.
    mutating func insert(_ message: WireMessage, from peer: PeerID, now: Instant) -> Bool {
        if !hasRoom(for: message) { forgetExpired(now: now) }
        guard hasRoom(for: message) else { return false }
        _ = remove(message.id)
        entries[message.id] = Entry(message: message, receivedFrom: peer, senders: [peer], since: now)
        byteCount += message.bytes.count
        return true
    }

    /// Another copy came in meanwhile. False: the message does not await a verdict.
    mutating func noteSender(_ peer: PeerID, of id: MessageID) -> Bool {
        entries[id]?.senders.insert(peer) != nil
    }

    mutating func remove(_ id: MessageID) -> Entry? {
        guard let entry = entries.removeValue(forKey: id) else { return nil }
        byteCount -= entry.message.bytes.count
        return entry
    }

    private func hasRoom(for message: WireMessage) -> Bool {
        entries.count < maximumCount && byteCount + message.bytes.count <= maximumBytes
    }

    private mutating func forgetExpired(now: Instant) {
        for (id, entry) in entries where entry.since + ttl <= now { _ = remove(id) }
    }
}
