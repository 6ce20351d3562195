import Multiformats

/// What there is to compare with another node's membership.
extension Membership {
    /// All that is held or remembered in a range, with the peers.
    func versions(in range: SyncRange) -> [(peer: PeerID, version: HeldVersion)] {
        tree.entries(in: range).compactMap { entry in
            guard let sequence = members[entry.peer]?.record.sequence ?? forgotten[entry.peer] else { return nil }
            return (entry.peer, entry.version(sequence: sequence))
        }
    }

    func versions(of key: SyncKey) -> [(peer: PeerID, version: HeldVersion)] { versions(in: SyncRange(key)) }

    mutating func noteHeld(_ member: Member) {
        tree.set(SyncTree.Entry(member.record.peer, stamp: member.sealed.stamp))
    }

    /// Goes on knowing the number of a record that is not held any more, perhaps at the cost of another's.
    mutating func remember(_ ended: Member) {
        tree.set(SyncTree.Entry(ended.record.peer, stamp: 0))
        if let dropped = forgotten.remember(ended.record.peer, sequence: ended.record.sequence) { tree.remove(dropped) }
    }
}
