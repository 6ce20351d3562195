import Multiformats
import Timeline

/// Anti-entropy: two nodes find out what one of them lacks, at a cost that follows the difference.
///
/// One of them opens with the digest of all that it holds (`SyncTree`), or, if that is little, with the list of it. The answer to
/// a digest that differs is the list of the range if there is little in it, else the digests of its parts; the answer to a list
/// is what the other lacks and a request for what we lack. Each answer follows from the message alone, so that no exchange can
/// hang, and goes one step down, so that each comes to its end.
///
/// A record is sent to who has none of it, once: if several partners could send it, one is asked. Whoever learns a record from
/// a partner offers it to the others, and so it goes through the whole connected graph.
extension ControlPlane {
    mutating func connect(_ peer: PeerID, _ turn: inout Turn) {
        guard peer != identity.peerID, sync.sessions[peer] == nil else { return }
        guard sync.sessions.count < settings.limits.maximumSyncPartners else {
            return turn.notice(.syncRefused(from: peer, .tooManyPartners))
        }
        sync.sessions[peer] = SyncSession(connectedAt: turn.now)
        scheduleComparison(within: settings.limits.comparisonInterval, turn)
        let isListed = holdsLittle(in: .all)
        if isListed, !mayPrompt(peer, turn) {
            deferComparison(with: peer)
        } else if isListed || opensFirst(with: peer) {
            openComparison(with: peer, &turn)
        }
    }

    /// What we have compared may have been with another machine of that identity, or never have arrived.
    mutating func compareAnew(with peer: PeerID, _ turn: inout Turn) {
        guard sync.sessions[peer] != nil else { return }
        _ = sync.requests.removeAll(to: peer)
        openComparison(with: peer, &turn)
    }

    mutating func disconnect(_ peer: PeerID, _ turn: Turn) {
        guard sync.sessions.removeValue(forKey: peer) != nil else { return }
        if sync.prompted?.peer == peer { sync.prompted = nil }
        let lost = sync.requests.removeAll(to: peer)
        if isAnyNews(lost) { scheduleComparison(within: settings.limits.syncAnswerTime, turn) }
        if sync.sessions.isEmpty { sync.comparison = nil }
    }

    mutating func receiveSync(from peer: PeerID, _ bytes: [UInt8], _ turn: inout Turn) {
        guard let session = sync.sessions[peer] else { return turn.notice(.syncRefused(from: peer, .notConnected)) }
        guard session.glitches < settings.limits.maximumGlitches else { return }
        guard bytes.count <= settings.limits.maximumSyncMessageLength else {
            return glitch(of: peer, .syncRefused(from: peer, .tooLong(byteCount: bytes.count)), &turn)
        }
        guard let message = SyncMessage(decoding: bytes) else {
            return glitch(of: peer, .syncRefused(from: peer, .malformed), &turn)
        }
        guard message.ranges.count <= settings.limits.maximumSyncRanges else {
            return glitch(of: peer, .syncRefused(from: peer, .tooManyRanges), &turn)
        }
        guard takeWork(for: message, peer, &turn) else { return }
        receiveRecords(message.records, from: peer, &turn)
        answer(message, from: peer, &turn)
    }

    /// Counts a fault of a peer, says what it was, and says so when it was one too many.
    mutating func glitch(of peer: PeerID, _ notice: Notice, _ turn: inout Turn) {
        turn.notice(notice)
        sync.sessions[peer]?.countGlitch()
        if sync.sessions[peer]?.glitches == settings.limits.maximumGlitches {
            turn.notice(.syncRefused(from: peer, .tooManyGlitches))
        }
    }

    /// Whether the peer may cause as much more work as the message means; else it is a fault of its.
    private mutating func takeWork(for message: SyncMessage, _ peer: PeerID, _ turn: inout Turn) -> Bool {
        let work = work(for: message)
        if sync.sessions[peer]?.takeWork(work, now: turn.now, limits: settings.limits) ?? false { return true }
        glitch(of: peer, .syncRefused(from: peer, .tooMuchWork), &turn)
        return false
    }

    /// What has to be looked at or sent, in records or things that take no longer.
    private func work(for message: SyncMessage) -> Int {
        let listed = message.offered.count + message.wanted.count + message.records.count
        return message.ranges.reduce(listed + SyncRange.fanOut) { sum, entry in
            switch entry.summary {
            case .held(let versions): sum + 1 + versions.count + membership.tree.count(in: entry.range)
            case .digests: sum + SyncRange.fanOut
            }
        }
    }

    /// Whether all that we have in a range is told as shortly as its digests are.
    func holdsLittle(in range: SyncRange) -> Bool {
        range.isSingle || membership.tree.count(in: range) <= SyncTree.maximumListed
    }

    /// Of two nodes that hold much, one does.
    func opensFirst(with peer: PeerID) -> Bool { identity.peerID < peer }
}

// MARK: - When

extension ControlPlane {
    /// Everything of sync that is due.
    mutating func keepInSync(_ turn: inout Turn) {
        guard own.phase == .member else { return }
        if sync.news.due.isReached(turn.now) { offerNews(&turn) }
        if sync.requests.due.isReached(turn.now), isAnyNews(sync.requests.expire(now: turn.now)) { scheduleComparison(within: .zero, turn) }
        for peer in sync.peersToCompare(at: turn.now) { openComparison(with: peer, &turn) }
        if sync.comparison.isReached(turn.now) {
            sync.comparison = nil
            let partners = sync.sessions.keys.sorted()
            guard let peer = partners.randomElement(using: &sync.jitter) else { return }
            openComparison(with: peer, &turn)
            scheduleComparison(within: settings.limits.comparisonInterval, turn)
        }
    }

    /// Whether anything that was asked for is still missing. It may have come from elsewhere, or in a later version.
    private func isAnyNews(_ versions: [HeldVersion]) -> Bool {
        versions.contains { $0.isNews(to: membership.versions(of: $0.key).first?.version) }
    }

    /// With some partner, not after about that time.
    mutating func scheduleComparison(within duration: Duration, _ turn: Turn) {
        let instant = turn.now + sync.jitter.around(duration)
        sync.comparison = earliest(sync.comparison, instant)
    }

    /// Tells what we hold.
    private mutating func openComparison(with peer: PeerID, _ turn: inout Turn) {
        scheduleFollowUp(with: peer, turn)
        let isListed = holdsLittle(in: .all)
        sync.sessions[peer]?.listedAt = isListed ? turn.now : nil
        guard isListed else {
            return send(SyncMessage(digest: membership.tree.digest(of: .all)), to: peer, &turn)
        }
        send(SyncMessage(ranges: [(.all, summary(of: .all))], sendsMissing: prompt(peer, turn)), to: peer, &turn)
    }

    /// When the two are being compared: they are once more some time after the connection, for what was on its way by gossip when
    /// the gossip between them began.
    mutating func scheduleFollowUp(with peer: PeerID, _ turn: Turn) {
        guard let session = sync.sessions[peer] else { return }
        let followUp = session.connectedAt + settings.limits.followUpDelay
        let isDue = opensFirst(with: peer) && followUp > turn.now
        sync.sessions[peer]?.comparison = isDue ? followUp : nil
    }
}

// MARK: - Whom to ask for all

extension ControlPlane {
    /// Whether the peer may be asked to send at once all that we lack. Who meets many peers at once asks one of them, and compares
    /// with the others a little later, when little is missing any more.
    func mayPrompt(_ peer: PeerID, _ turn: Turn) -> Bool {
        sync.prompted.map { $0.peer == peer || $0.until <= turn.now } ?? true
    }

    /// - Returns: whether the peer is the one to send what we lack.
    mutating func prompt(_ peer: PeerID, _ turn: Turn) -> Bool {
        guard mayPrompt(peer, turn) else { return false }
        sync.prompted = (peer, turn.now + settings.limits.promptInterval)
        return true
    }

    mutating func deferComparison(with peer: PeerID) {
        sync.sessions[peer]?.comparison = sync.prompted?.until
    }
}

extension Instant? {
    fileprivate func isReached(_ now: Instant) -> Bool { map { $0 <= now } ?? false }
}
