import Multiformats
import Timeline

extension ControlPlane {
    mutating func receiveRecords(_ messages: [WireAgedRecordMessage], from peer: PeerID, _ turn: inout Turn) {
        for message in messages {
            guard sync.sessions[peer].map({ $0.glitches < settings.limits.maximumGlitches }) ?? false else { break }
            do throws(RecordError) {
                let aged = try AgedRecord(message, holding: membership, else: opener)
                noteHolder(peer, of: aged.sealed)
                switch learn(aged, &turn) {
                case .news: addNews(aged.sealed.record.peer, isGossiped: false, turn)
                case .known: break
                case .refused(let refusal): turn.notice(.recordRefused(from: peer, .notTaken(refusal)))
                }
            } catch {
                glitch(of: peer, .recordRefused(from: peer, .invalid(error)), &turn)
            }
        }
    }

    /// A peer has sent this record: it need not be sent there, nor asked for.
    mutating func noteHolder(_ peer: PeerID, of sealed: SealedRecord) {
        let version = sealed.version
        sync.requests.remove(version)
        sync.sessions[peer]?.note(version, limits: settings.limits)
    }

    /// Sends the records of these peers as we have them, whether they are known or not. What has ended meanwhile is left out.
    mutating func sendRecords(of owners: [PeerID], to peer: PeerID, _ turn: inout Turn) {
        var message = SyncMessage()
        for owner in owners {
            guard let member = membership[owner], let aged = member.aged(at: turn.now) else { continue }
            sync.sessions[peer]?.note(member.sealed.version, limits: settings.limits)
            message.records.append(aged.message)
        }
        send(message, to: peer, &turn)
    }

    mutating func sendWanted(_ keys: [SyncKey], to peer: PeerID, _ turn: inout Turn) {
        sendRecords(of: keys.flatMap { membership.versions(of: $0).map(\.peer) }, to: peer, &turn)
    }

    /// Ranges and requests first: the other can work on them while records come in.
    mutating func send(_ answer: SyncAnswer, sendingMissing: Bool, to peer: PeerID, _ turn: inout Turn) {
        var message = SyncMessage(ranges: answer.ranges, wanted: answer.wanted)
        message.sendsMissing = answer.listsAny && prompt(peer, turn)
        if !sendingMissing { message.offered = answer.missing.flatMap(versions) }
        send(message, to: peer, &turn)
        if sendingMissing { sendRecords(of: answer.missing, to: peer, &turn) }
        // After the records that the reports are about.
        send(SyncMessage(offered: (answer.unreported + (answer.outlivesOther ? [peer] : [])).flatMap(versions)), to: peer, &turn)
    }

    private func versions(of owner: PeerID) -> [HeldVersion] { membership.versions(of: SyncKey(owner)).map(\.version) }

    func send(_ message: SyncMessage, to peer: PeerID, _ turn: inout Turn) {
        for bytes in message.encoded(maximumLength: settings.limits.maximumSyncMessageLength) { turn.act(.sendSync(to: peer, bytes)) }
    }
}

// MARK: - News

extension ControlPlane {
    /// Remembers to offer a record to partners that may not have it. What is gossiped reaches all but those whose connection is
    /// too young.
    mutating func addNews(_ owner: PeerID, isGossiped: Bool, _ turn: Turn) {
        guard sync.sessions.values.contains(where: { !isGossiped || isWarmingUp($0, at: turn.now) }) else { return }
        sync.news.add(owner, isGossiped: isGossiped, now: turn.now, limits: settings.limits)
    }

    mutating func offerNews(_ turn: inout Turn) {
        let news = sync.news.take(now: turn.now, rest: settings.limits.offerInterval(members: membership.count))
        for (peer, session) in sync.sessions.sorted(by: { $0.key < $1.key }) {
            let getsGossip = !isWarmingUp(session, at: news.startedAt ?? turn.now)
            let owners = getsGossip ? news.others : news.others.union(news.gossiped)
            let versions = owners.sorted().compactMap { membership[$0]?.sealed.version }.filter { !session.known.contains($0) }
            send(SyncMessage(offered: versions), to: peer, &turn)
            if getsGossip { sync.sessions[peer]?.forgetKnown() }
        }
    }

    private func isWarmingUp(_ session: SyncSession, at instant: Instant) -> Bool {
        session.connectedAt + settings.limits.gossipWarmUp > instant
    }
}

extension Membership.Member {
    /// `nil` if the lease has ended.
    fileprivate func aged(at now: Instant) -> AgedRecord? {
        let age = now - issuedAt
        return age < record.lease ? AgedRecord(sealed, age: age) : nil
    }
}
