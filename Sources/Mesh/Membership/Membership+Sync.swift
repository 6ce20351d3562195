import Multiformats

/// What there is to compare with another node's membership.
extension Membership {
    /// All that is held or remembered in a range, with the peers.
    func versions(in range: SyncRange) -> [(peer: PeerID, version: HeldVersion)] {
        tree.entries(in: range).compactMap { entry in
            let member = members[entry.peer]
            guard let sequence = member?.record.sequence ?? forgotten[entry.peer] else { return nil }
            var version = entry.version(sequence: sequence)
            version.isReportedUnreachable = member?.isReportedUnreachable ?? false
            version.isForgotten = member == nil && forgotten.isDeliberate(entry.peer)
            return (entry.peer, version)
        }
    }

    func versions(of key: SyncKey) -> [(peer: PeerID, version: HeldVersion)] { versions(in: SyncRange(key)) }

    mutating func noteHeld(_ member: Member) {
        let stamp = member.sealed.stamp
        // Another sum for each member, or as many other reports elsewhere would add up to the same. Beside the bits of which a version's
        // check is made.
        let report = member.isReportedUnreachable ? stamp << 64 : 0
        tree.set(SyncTree.Entry(member.record.peer, stamp: stamp &+ report))
    }

    /// Goes on knowing the number of a record that is not held any more, perhaps at the cost of another's.
    mutating func remember(_ ended: Member) {
        tree.set(SyncTree.Entry(ended.record.peer, stamp: 0))
        if let dropped = forgotten.remember(ended.record.peer, sequence: ended.record.sequence) { tree.remove(dropped) }
    }
}
