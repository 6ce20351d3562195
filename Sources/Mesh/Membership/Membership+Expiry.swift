import Multiformats
import Timeline

extension Membership {
    /// When the next lease ends.
    package var nextExpiry: Instant? { leases.first?.end }

    /// Drops every record whose lease has ended, and remembers its number so that it cannot come back.
    ///
    /// - Returns: the peers that are not held any more, in the order in which their leases ended.
    package mutating func expire(now: Instant) -> [PeerID] {
        var expired: [PeerID] = []
        while let first = leases.first, first.end <= now {
            leases.removeFirst()
            if let member = members.removeValue(forKey: first.peer) {
                removeClaims(of: member)
                remember(member)
                expired.append(first.peer)
            }
            tidyLeases()
        }
        return expired
    }

    /// Restores what `LeaseQueue` needs after every change: that its first entry is true.
    mutating func tidyLeases() {
        let members = self.members
        func isCurrent(_ lease: LeaseQueue.Lease) -> Bool { members[lease.peer]?.leaseEnd == lease.end }
        while let first = leases.first, !isCurrent(first) { leases.removeFirst() }
        guard leases.count > 2 * members.count + 64 else { return }
        let others = members.values.filter { [ownPeer] in $0.record.peer != ownPeer }
        leases = LeaseQueue(others.map { LeaseQueue.Lease(end: $0.leaseEnd, peer: $0.record.peer) })
    }
}
