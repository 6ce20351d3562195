import Multiformats

/// What there is to compare with another node's membership.
extension Membership {
    /// All that is held or remembered in a range, with the peers.
    func versions(in range: SyncRange) -> [(peer: PeerID, version: HeldVersion)] {
        tree.entries(in: range).compactMap { entry in
            switch entry {
            case .held(let sealed), .reported(let sealed):
                var version = sealed.version
                if case .reported = entry { version.isReportedUnreachable = true }
                return (sealed.record.peer, version)
            case .ended(let peer):
                guard let sequence = forgotten[peer] else { return nil }
                var version = HeldVersion(key: entry.key, sequence: sequence, check: HeldVersion.endedCheck)
                version.isForgotten = forgotten.isDeliberate(peer)
                return (peer, version)
            }
        }
    }

    func versions(of key: SyncKey) -> [(peer: PeerID, version: HeldVersion)] { versions(in: SyncRange(key)) }

    mutating func noteHeld(_ member: Member) {
        tree.set(member.isReportedUnreachable ? .reported(member.sealed) : .held(member.sealed))
    }

    /// Goes on knowing the number of a record that is not held any more, perhaps at the cost of another's.
    mutating func remember(_ ended: Member) {
        tree.set(.ended(ended.record.peer))
        if let dropped = forgotten.remember(ended.record.peer, sequence: ended.record.sequence) { tree.remove(dropped) }
    }
}
