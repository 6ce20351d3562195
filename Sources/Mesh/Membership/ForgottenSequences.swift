import Multiformats
import Timeline

/// The last sequence numbers of peers whose records ended, or were forgotten by a person's word. Bounded: the first go first.
struct ForgottenSequences: Sendable {
    private struct Entry: Sendable {
        let sequence: UInt64
        /// Set if a person said so: until when somebody may hold the record.
        let until: Instant?
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

    /// Those that a person said are gone, in no order.
    var members: [ForgottenMember] {
        entries.compactMap { peer, entry in entry.until.map { ForgottenMember(peer: peer, sequence: entry.sequence, until: $0) } }
    }

    /// Whether a person said that the peer is gone.
    func isDeliberate(_ peer: PeerID) -> Bool { entries[peer]?.until != nil }

    /// - Returns: who is not remembered any more, as there is no room.
    mutating func remember(_ peer: PeerID, sequence: UInt64, until: Instant? = nil) -> PeerID? {
        entries[peer] = Entry(sequence: sequence, until: until, serial: nextSerial)
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
