import Multiformats
import Timeline

extension ControlPlane {
    /// What came of a record that another node sent.
    enum Learnt {
        case news
        case known
        case refused(MergeRefusal)
    }

    /// Merges a record and reports what it changed.
    mutating func learn(_ aged: AgedRecord, _ turn: inout Turn) -> Learnt {
        let record = aged.sealed.record
        let wasUnreachable = membership[record.peer]?.isReportedUnreachable ?? false
        switch membership.merge(aged.sealed, age: aged.age, now: turn.now) {
        case .added:
            report(record, after: nil, &turn)
            return .news
        case .updated(let previous):
            report(record, after: previous.record, &turn)
            if wasUnreachable, !record.hasLeft { turn.act(.membershipChanged(.reachable(record.peer))) }
            showOwner(aged.sealed, &turn)
            return .news
        case .cloneConflict(let replaced):
            turn.notice(.cloneDetected(record.peer))
            guard let replaced else { return .known }
            report(record, after: replaced.record, &turn)
            return .news
        case .unchanged, .stale:
            return .known
        case .ownRecordAhead(let sequence):
            reclaimOwnRecord(above: sequence, age: aged.age, &turn)
            return .known
        case .refused(let refusal):
            return .refused(refusal)
        }
    }

    /// A partner knows its own record, unless it is a clone's: then each of the two has to hear of the other, and nobody else would tell
    /// them, as nothing is passed on to where it came from.
    private func showOwner(_ sealed: SealedRecord, _ turn: inout Turn) {
        guard sync.sessions[sealed.record.peer] != nil else { return }
        send(SyncMessage(offered: [sealed.version]), to: sealed.record.peer, &turn)
    }

    private func report(_ record: NodeRecord, after previous: NodeRecord?, _ turn: inout Turn) {
        turn.markPersist()
        let wasLive = previous.map { !$0.hasLeft } ?? false
        switch (wasLive, !record.hasLeft) {
        case (false, true): turn.report(.joined(record.peer))
        case (true, false): turn.report(.left(record.peer))
        case (true, true):
            if let previous, !record.isRenewal(of: previous) { turn.report(.changed(record.peer)) }
        case (false, false): break
        }
    }

    /// News that come by gossip are passed on by gossip, which is not ours to do. Only partners that may still lack gossip
    /// are offered them; or all, if there are too many to pass on each by itself.
    mutating func receiveGossip(from peer: PeerID, _ bytes: [UInt8], _ turn: inout Turn) {
        do throws(RecordError) {
            switch try Announcement.decode(bytes, holding: membership, else: opener) {
            case .record(let aged): receiveGossip(from: peer, aged, &turn)
            case .unreachable(let report): turn.act(.gossipVerdict(learn(report, &turn) ? .accept : .ignore))
            case .forgotten(let report): turn.act(.gossipVerdict(learn(report, &turn) ? .accept : .ignore))
            }
        } catch {
            turn.act(.gossipVerdict(.reject))
            turn.notice(.recordRefused(from: peer, .invalid(error)))
        }
    }

    private mutating func receiveGossip(from peer: PeerID, _ aged: AgedRecord, _ turn: inout Turn) {
        noteHolder(peer, of: aged.sealed)
        switch learn(aged, &turn) {
        case .news:
            let limits = settings.limits
            let isPassedOn = sync.gossipAllowance.take(
                limits.maximumGossipedNews, per: limits.offerInterval(members: membership.count), now: turn.now)
            turn.act(.gossipVerdict(isPassedOn ? .accept : .ignore))
            addNews(aged.sealed.record.peer, isGossiped: isPassedOn, turn)
        case .known:
            turn.act(.gossipVerdict(.ignore))
        case .refused(let refusal):
            turn.act(.gossipVerdict(.ignore))
            turn.notice(.recordRefused(from: peer, .notTaken(refusal)))
        }
    }
}
