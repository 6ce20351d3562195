import Multiformats
import Timeline

extension Membership {
    /// When to look for leases that have ended. Where all leases are renewed in time, there is none then: a lease that is renewed moves this
    /// only when it is looked at, which is once for each lease at most, and costs less than to keep all leases in order.
    package var nextExpiry: Instant? { earliestExpiry }

    /// Drops every record whose lease has ended, and remembers its number so that it cannot come back.
    ///
    /// - Returns: the peers that are not held any more, in the order in which their leases ended.
    package mutating func expire(now: Instant) -> [PeerID] {
        guard let earliestExpiry, earliestExpiry <= now else { return [] }
        let others = members.values.filter { [ownPeer] in $0.record.peer != ownPeer }
        let ended = others.filter { $0.leaseEnd <= now }.sorted { ($0.leaseEnd, $0.record.peer) < ($1.leaseEnd, $1.record.peer) }
        for member in ended {
            members[member.record.peer] = nil
            removeClaims(of: member)
            remember(member)
        }
        self.earliestExpiry = others.lazy.map(\.leaseEnd).filter { $0 > now }.min()
        return ended.map(\.record.peer)
    }
}
