import Multiformats

/// Who cannot be reached. Nobody asks: whoever loses a connection looks why, and tells all, once.
extension ControlPlane {
    /// Our connection to a member broke, and it does not answer.
    mutating func reportUnreachable(_ peer: PeerID, _ turn: inout Turn) {
        guard let sequence = membership[peer]?.record.sequence else { return }
        spread(UnreachableReport(peer: peer, sequence: sequence), &turn)
    }

    /// We stop: others need not find out. The record that we issue when we start again says otherwise.
    func sayUnreachable(_ turn: inout Turn) {
        guard own.phase == .member, let sequence = membership.own?.record.sequence else { return }
        turn.act(.publish(Announcement.unreachable(UnreachableReport(peer: identity.peerID, sequence: sequence)).encoded))
    }

    /// Takes note of a report that did not come by gossip, and tells all if it is news.
    mutating func spread(_ report: UnreachableReport, _ turn: inout Turn) {
        guard learn(report, &turn) else { return }
        turn.act(.publish(Announcement.unreachable(report).encoded))
    }

    /// Somebody says, without proof, that a record of ours with this number was the last one. If we have no newer one it may be a copied
    /// machine's, before which ours counts for nothing: we issue one above it.
    ///
    /// Numbers beyond `RecordLimits.maximumUnprovenSequence` are not believed, so that lies cannot use them up.
    mutating func outdo(_ sequence: UInt64, _ turn: Turn) {
        guard let current = membership.own?.record.sequence, sequence >= current, sequence <= RecordLimits.maximumUnprovenSequence else {
            return
        }
        own.sequenceFloor = max(own.sequenceFloor, sequence)
        own.refute(settings.limits, now: turn.now)
    }

    /// Takes note of a report; one about ourselves is refuted by a newer record.
    ///
    /// - Returns: whether it is news.
    mutating func learn(_ report: UnreachableReport, _ turn: inout Turn) -> Bool {
        if report.peer == identity.peerID {
            outdo(report.sequence, turn)
            return false
        }
        guard membership.markUnreachable(report, now: turn.now) else { return false }
        turn.act(.membershipChanged(.unreachable(report.peer)))
        return true
    }
}
