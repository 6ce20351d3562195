/// Which version of whose record somebody holds, as short as it can be told. Equal to another one of the same record, whatever is said
/// of the owner.
struct HeldVersion: Sendable {
    /// The check of a record whose lease has ended at its holder.
    static let endedCheck: UInt32 = 0

    let key: SyncKey
    let sequence: UInt64
    /// The last bits of the record's stamp, which tell a clone's record of the same number from its twin.
    let check: UInt32
    /// The holder was told that the owner cannot be reached.
    var isReportedUnreachable = false
    /// The holder has ended the record because a person said that the owner is gone for good.
    var isForgotten = false

    /// Whether the holder has the record itself, and not only the memory of it.
    var isHeld: Bool { check != Self.endedCheck }

    /// Whether its holder can help somebody who holds `other`, or nothing, with its record: it is newer, or a clone's.
    func isNews(to other: HeldVersion?) -> Bool {
        guard isHeld else { return false }
        guard let other else { return true }
        return sequence > other.sequence || (sequence == other.sequence && other.isHeld && check != other.check)
    }

    /// Whether its holder was told something of the owner that somebody who holds `other`, or nothing, was not.
    func isReport(to other: HeldVersion?) -> Bool {
        if isForgotten { return other.map { $0.isHeld && $0.sequence <= sequence } ?? false }
        return isReportedUnreachable && other?.isReportedUnreachable != true
    }
}

extension HeldVersion: Hashable {
    static func == (left: HeldVersion, right: HeldVersion) -> Bool {
        left.key == right.key && left.sequence == right.sequence && left.check == right.check
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(key)
        hasher.combine(sequence)
    }
}

extension SealedRecord {
    var version: HeldVersion {
        HeldVersion(key: key, sequence: record.sequence, check: max(1, UInt32(truncatingIfNeeded: stamp)))
    }
}
