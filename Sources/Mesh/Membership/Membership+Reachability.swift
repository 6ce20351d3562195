import Multiformats
import Timeline

extension Membership {
    /// Notes that a live member cannot be reached, as long as the record is held that the report names: a newer one refutes it.
    ///
    /// - Returns: whether that was not known.
    mutating func markUnreachable(_ report: UnreachableReport, now: Instant) -> Bool {
        guard report.peer != ownPeer, var member = members[report.peer], member.isLive, !member.isReportedUnreachable,
            member.record.sequence == report.sequence
        else { return false }
        member.unreachableSince = now
        members[report.peer] = member
        noteHeld(member)
        return true
    }
}
