import Multiformats
import Timeline

/// A member that was forgotten because a person said so, and until when a record of it may still be about.
package struct ForgottenMember: Hashable, Sendable {
    package let peer: PeerID
    /// A record of it counts only if its number is higher: then it has come back.
    package let sequence: UInt64
    /// The end of that record's lease: nobody holds it any more.
    package let until: Instant
}

extension Membership {
    /// Drops a member, and remembers its number so that no older copy of its record brings it back.
    mutating func forget(_ peer: PeerID) {
        guard peer != ownPeer, let member = members.removeValue(forKey: peer) else { return }
        removeClaims(of: member)
        remember(ForgottenMember(peer: peer, sequence: member.record.sequence, until: member.leaseEnd))
    }

    /// Goes on with what was remembered when the node last ran.
    mutating func restore(_ member: ForgottenMember) {
        guard member.peer != ownPeer, members[member.peer] == nil else { return }
        remember(member)
    }

    /// Who was forgotten by a person's word, by peer id; at most `MembershipLimits.maximumForgotten`, and nobody whose lease is over.
    package func forgottenMembers(now: Instant) -> [ForgottenMember] {
        forgotten.members.filter { $0.until > now }.sorted { $0.peer < $1.peer }
    }

    private mutating func remember(_ member: ForgottenMember) {
        tree.set(.ended(member.peer))
        if let dropped = forgotten.remember(member.peer, sequence: member.sequence, until: member.until) { tree.remove(dropped) }
    }
}
