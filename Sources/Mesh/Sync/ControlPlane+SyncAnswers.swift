import Multiformats
import Timeline

/// What a message about versions leads to. The records themselves are in `ControlPlane+SyncRecords.swift`.
extension ControlPlane {
    /// What there is to say to a message, as it is found.
    struct SyncAnswer {
        var ranges: [(range: SyncRange, summary: SyncMessage.Summary)] = []
        /// Whose records the other lacks.
        var missing: [PeerID] = []
        /// Of whom the other does not know that they cannot be reached, or are gone for good.
        var unreported: [PeerID] = []
        /// Whether a later record of the other itself has ended here than the one that it has.
        var outlivesOther = false
        var wanted: [SyncKey] = []

        var listsAny: Bool {
            ranges.contains { if case .held = $0.summary { true } else { false } }
        }
    }

    mutating func answer(_ message: SyncMessage, from peer: PeerID, _ turn: inout Turn) {
        // It has looked at our list: what it opens from now on does not cross that.
        if message.isAnswerToList { sync.sessions[peer]?.listedAt = nil }
        var answer = SyncAnswer()
        if let digest = message.digest { compare(digest, from: peer, &answer, turn) }
        for (range, summary) in message.ranges { compare(summary, of: range, from: peer, &answer, &turn) }
        for version in message.offered { consider(version, from: peer, &answer, &turn) }
        send(answer, sendingMissing: message.sendsMissing, to: peer, &turn)
        sendWanted(message.wanted, to: peer, &turn)
    }

    /// Looks at the digest of everything. If we hold little, and another peer is about to send us what we lack, it can wait.
    private mutating func compare(_ theirs: UInt128, from peer: PeerID, _ answer: inout SyncAnswer, _ turn: Turn) {
        guard !isAnswering(peer, turn) else { return }
        scheduleFollowUp(with: peer, turn)
        guard theirs != membership.tree.digest(of: .all) else { return }
        guard mayPrompt(peer, turn) || !holdsLittle(in: .all) else { return deferComparison(with: peer) }
        answer.ranges.append((.all, summary(of: .all)))
    }

    /// Whether the peer is about to answer a list of ours, so that we need not answer what it opened at the same time. Of two
    /// lists that cross, the one of the higher peer id is answered.
    private func isAnswering(_ peer: PeerID, _ turn: Turn) -> Bool {
        guard let listedAt = sync.sessions[peer]?.listedAt else { return false }
        return !opensFirst(with: peer) && listedAt + settings.limits.syncAnswerTime > turn.now
    }

    /// What we have in a range: listed if it is little, else digested.
    func summary(of range: SyncRange) -> SyncMessage.Summary {
        guard !holdsLittle(in: range) else { return .held(membership.versions(in: range).map(\.version)) }
        return .digests(range.parts.map(membership.tree.digest))
    }

    private mutating func compare(
        _ theirs: SyncMessage.Summary, of range: SyncRange, from peer: PeerID, _ answer: inout SyncAnswer, _ turn: inout Turn
    ) {
        switch theirs {
        case .digests(let digests):
            for (part, digest) in zip(range.parts, digests) where digest != membership.tree.digest(of: part) {
                answer.ranges.append((part, summary(of: part)))
            }
        case .held(let versions):
            if range == .all {
                guard !isAnswering(peer, turn) else { return }
                scheduleFollowUp(with: peer, turn)
            }
            let held = Dictionary(versions.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
            for (owner, version) in membership.versions(in: range) {
                if version.isNews(to: held[version.key]) { answer.missing.append(owner) }
                if owner == peer, !version.isHeld, held[version.key]?.isHeld == true { answer.outlivesOther = true }
                if version.isReport(to: held[version.key]) { answer.unreported.append(owner) }
            }
            for version in versions { consider(version, from: peer, &answer, &turn) }
        }
    }

    /// That the owner of a version cannot be reached goes to all by gossip if it is news to us: to the owner as well, who refutes it.
    private mutating func hearReport(of version: HeldVersion, _ turn: inout Turn) {
        for (owner, ours) in membership.versions(of: version.key) where ours == version {
            spread(UnreachableReport(peer: owner, sequence: version.sequence), &turn)
        }
    }

    /// That a person says that the owner is gone, likewise.
    private mutating func hearOfForgetting(_ version: HeldVersion, _ turn: inout Turn) {
        for (owner, ours) in membership.versions(of: version.key) where ours.isHeld {
            spread(ForgottenReport(peer: owner, sequence: version.sequence), &turn)
        }
    }

    /// Asks for a version that the peer has told of, if it would help us and has not been asked for.
    private mutating func consider(_ theirs: HeldVersion, from peer: PeerID, _ answer: inout SyncAnswer, _ turn: inout Turn) {
        sync.sessions[peer]?.note(theirs, limits: settings.limits)
        if !theirs.isHeld, membership.versions(of: theirs.key).contains(where: { $0.peer == identity.peerID }) {
            outdo(theirs.sequence, turn)
        }
        if theirs.isReportedUnreachable { hearReport(of: theirs, &turn) }
        if theirs.isForgotten { hearOfForgetting(theirs, &turn) }
        let ours = membership.versions(of: theirs.key).first?.version
        guard theirs.isNews(to: ours), ours != nil || membership.hasRoom, !sync.requests.contains(theirs) else { return }
        guard sync.requests.count(to: peer) < settings.limits.maximumSyncRequests else {
            return scheduleComparison(within: settings.limits.syncAnswerTime, turn)
        }
        sync.requests.add(theirs, to: peer, end: turn.now + settings.limits.syncAnswerTime)
        answer.wanted.append(theirs.key)
    }
}

extension Membership {
    fileprivate var hasRoom: Bool { count < limits.maximumMembers }
}
