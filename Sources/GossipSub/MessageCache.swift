import DequeModule
import Multiformats

/// The messages of the last heartbeats, for IHAVE and IWANT. Time passes by `shift()`, once in each heartbeat.
struct MessageCache: Sendable {
    /// What an entry is taken to cost besides its bytes: bounds the number of tiny messages.
    static let entryOverhead = 128

    private struct Entry: Sendable {
        let topic: Topic
        let bytes: [UInt8]
        var transmissions: [PeerID: Int] = [:]
    }

    private let historyLength: Int
    private let historyGossip: Int
    private let maximumBytes: Int
    private var entries: [MessageID: Entry] = [:]
    private var order = Deque<(id: MessageID, beat: Int)>()
    private var beat = 0
    private(set) var byteCount = 0

    init(historyLength: Int, historyGossip: Int, maximumBytes: Int) {
        self.historyLength = historyLength
        self.historyGossip = historyGossip
        self.maximumBytes = maximumBytes
    }

    var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.count }

    /// Keeps a message, at the expense of the oldest if need be. One that alone exceeds the bound is not kept.
    mutating func insert(_ message: WireMessage) {
        let cost = message.bytes.count + Self.entryOverhead
        guard entries[message.id] == nil, cost <= maximumBytes else { return }
        while byteCount + cost > maximumBytes, removeOldest() {}
        entries[message.id] = Entry(topic: message.topic, bytes: message.bytes)
        order.append((message.id, beat))
        byteCount += cost
    }

    /// The ids to announce for a topic, newest first.
    func gossipIDs(of topic: Topic) -> [MessageID] {
        order.reversed()
            .prefix { beat - $0.beat < historyGossip }
            .compactMap { entries[$0.id]?.topic == topic ? $0.id : nil }
    }

    /// The bytes of a message that a peer wants; nil if unknown or asked for too often.
    mutating func take(_ id: MessageID, for peer: PeerID, maximumTransmissions: Int) -> [UInt8]? {
        guard let entry = entries[id], entry.transmissions[peer, default: 0] < maximumTransmissions else { return nil }
        entries[id]?.transmissions[peer, default: 0] += 1
        return entry.bytes
    }

    /// Moves all messages one heartbeat into the past and forgets the oldest.
    mutating func shift() {
        beat += 1
        while let oldest = order.first, beat - oldest.beat >= historyLength, removeOldest() {}
    }

    private mutating func removeOldest() -> Bool {
        guard let oldest = order.popFirst() else { return false }
        if let entry = entries.removeValue(forKey: oldest.id) { byteCount -= entry.bytes.count + Self.entryOverhead }
        return true
    }
}
