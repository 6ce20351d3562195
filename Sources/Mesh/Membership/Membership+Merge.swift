import Multiformats
import Timeline

/// What a record changed.
package enum MergeResult: Hashable, Sendable {
    /// The peer was not held.
    case added
    case updated(previous: SealedRecord)
    /// This very record is held.
    case unchanged
    /// A newer one is held, or was until it ended.
    case stale
    /// Two records of one peer have the same number: somebody copied its identity. Every node keeps the same one of the two.
    /// `replaced` is the one that was held, if it had to go.
    case cloneConflict(replaced: SealedRecord?)
    /// A record of this node itself that it does not know: from before it lost its state, or a clone's. Never stored; the
    /// remedy is to issue one above `sequence`.
    case ownRecordAhead(sequence: UInt64)
    case refused(MergeRefusal)
}

/// Why a valid record is not taken in.
package enum MergeRefusal: Hashable, Sendable {
    /// Its lease has ended.
    case expired
    /// It claims an address that is in no overlay range, or that no host may have.
    case addressOutsideOverlay
    /// `MembershipLimits.maximumMembers` are held.
    case full
}

extension Membership {
    /// Takes in a record, from wherever it came.
    ///
    /// - Parameter age: how long ago its owner issued it. Of two ages for one record the lower counts, so a false age can keep
    ///   a record alive until its owner's next one but never end it.
    package mutating func merge(_ sealed: SealedRecord, age: Duration, now: Instant) -> MergeResult {
        let peer = sealed.record.peer
        if peer == ownPeer { return compareWithOwn(sealed) }
        let age = min(max(age, .zero), RecordLimits.leaseRange.upperBound)
        if let refusal = refusal(of: sealed.record, age: age) { return .refused(refusal) }
        if let sequence = forgotten[peer], sealed.record.sequence <= sequence { return .stale }
        let member = Member(sealed: sealed, issuedAt: now - age)
        if let held = members[peer] { return settle(member, against: held) }
        guard members.count < limits.maximumMembers else { return .refused(.full) }
        forgotten.remove(peer)
        store(member)
        return .added
    }

    private func refusal(of record: NodeRecord, age: Duration) -> MergeRefusal? {
        guard age < record.lease else { return .expired }
        guard record.addresses.allSatisfy({ overlay.isUsable($0.address) }) else { return .addressOutsideOverlay }
        return nil
    }

    private func compareWithOwn(_ sealed: SealedRecord) -> MergeResult {
        let sequence = sealed.record.sequence
        guard let own, sequence <= own.record.sequence else { return .ownRecordAhead(sequence: sequence) }
        if sequence < own.record.sequence { return .stale }
        return sealed.payload == own.sealed.payload ? .unchanged : .ownRecordAhead(sequence: sequence)
    }

    private mutating func settle(_ member: Member, against held: Member) -> MergeResult {
        if member.record.sequence < held.record.sequence { return .stale }
        if member.record.sequence > held.record.sequence {
            store(member)
            return .updated(previous: held.sealed)
        }
        if member.sealed.payload == held.sealed.payload {
            if member.issuedAt > held.issuedAt {
                store(Member(sealed: held.sealed, issuedAt: member.issuedAt, unreachableSince: held.unreachableSince))
            }
            return .unchanged
        }
        guard held.sealed.payload.lexicographicallyPrecedes(member.sealed.payload) else { return .cloneConflict(replaced: nil) }
        store(member)
        return .cloneConflict(replaced: held.sealed)
    }
}
