import Multiformats

/// The last sequence numbers of peers whose records ended. Bounded: the ones that ended first go first.
struct ForgottenSequences: Sendable {
    private struct Entry: Sendable {
        let sequence: UInt64
        let serial: UInt64
    }

    private let capacity: Int
    private var entries: [PeerID: Entry] = [:]
    /// Oldest first, from `head` on; an entry that `entries` does not have under the same serial number is void.
    private var order: [(peer: PeerID, serial: UInt64)] = []
    private var head = 0
    private var nextSerial: UInt64 = 0

    init(capacity: Int) {
        self.capacity = capacity
    }

    var count: Int { entries.count }

    subscript(peer: PeerID) -> UInt64? { entries[peer]?.sequence }

    /// - Returns: who is not remembered any more, as there is no room.
    mutating func remember(_ peer: PeerID, sequence: UInt64) -> PeerID? {
        entries[peer] = Entry(sequence: sequence, serial: nextSerial)
        order.append((peer, nextSerial))
        nextSerial &+= 1
        let dropped = entries.count > capacity ? forgetOldest() : nil
        if order.count > 2 * capacity + 64 { dropVoid() }
        return dropped
    }

    mutating func remove(_ peer: PeerID) {
        entries[peer] = nil
    }

    private mutating func forgetOldest() -> PeerID? {
        while head < order.count {
            let oldest = order[head]
            head += 1
            guard entries[oldest.peer]?.serial == oldest.serial else { continue }
            entries[oldest.peer] = nil
            return oldest.peer
        }
        return nil
    }

    private mutating func dropVoid() {
        order = order[head...].filter { entries[$0.peer]?.serial == $0.serial }
        head = 0
    }
}
