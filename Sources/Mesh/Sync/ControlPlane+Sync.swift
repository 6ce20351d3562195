import Multiformats
import SwiftProtobuf
import Timeline

/// Anti-entropy. When two nodes connect, each lists what it holds (`held`, in several messages, the last marked `held_complete`),
/// and answers the other's list with the records that the other lacks or has an older version of. Records that are news to a node
/// go on to all its other partners, and so through the whole connected graph: each link carries a record at most once each way.
extension ControlPlane {
    mutating func connect(_ peer: PeerID, _ turn: inout Turn) {
        guard peer != identity.peerID, sessions[peer] == nil else { return }
        guard sessions.count < settings.limits.maximumSyncPartners else {
            return turn.notice(.syncRefused(from: peer, .tooManyPartners))
        }
        sessions[peer] = SyncSession(connectedAt: turn.now)
        let held = membership.all.map { (peer: $0.record.peer, sequence: $0.record.sequence) } + membership.forgotten.all
        for message in SyncMessage.list(held, maximumLength: settings.limits.maximumSyncMessageLength) {
            turn.act(.sendSync(to: peer, message))
        }
    }

    mutating func receiveSync(from peer: PeerID, _ bytes: [UInt8], _ turn: inout Turn) {
        guard let session = sessions[peer] else { return turn.notice(.syncRefused(from: peer, .notConnected)) }
        guard session.glitches < settings.limits.maximumGlitches else { return }
        guard bytes.count <= settings.limits.maximumSyncMessageLength else {
            return glitch(of: peer, .syncRefused(from: peer, .tooLong(byteCount: bytes.count)), &turn)
        }
        guard let message = try? WireSyncMessage(serializedBytes: bytes) else {
            return glitch(of: peer, .syncRefused(from: peer, .malformed), &turn)
        }
        receiveRecords(message.records, from: peer, &turn)
        receiveList(message, from: peer, &turn)
    }

    /// Counts a fault of a peer, says what it was, and says so when it was one too many.
    private mutating func glitch(of peer: PeerID, _ notice: Notice, _ turn: inout Turn) {
        turn.notice(notice)
        sessions[peer]?.countGlitch()
        if sessions[peer]?.glitches == settings.limits.maximumGlitches { turn.notice(.syncRefused(from: peer, .tooManyGlitches)) }
    }

    private func hasGlitchesLeft(_ peer: PeerID) -> Bool {
        sessions[peer].map { $0.glitches < settings.limits.maximumGlitches } ?? false
    }
}

// MARK: - Records

extension ControlPlane {
    private mutating func receiveRecords(_ messages: [WireAgedRecordMessage], from peer: PeerID, _ turn: inout Turn) {
        var news: [AgedRecord] = []
        for message in messages {
            guard hasGlitchesLeft(peer) else { break }
            do throws(RecordError) {
                let aged = try AgedRecord(message)
                switch learn(aged, &turn) {
                case .news: news.append(aged)
                case .known: break
                case .refused(let refusal): turn.notice(.recordRefused(from: peer, .notTaken(refusal)))
                }
            } catch {
                glitch(of: peer, .recordRefused(from: peer, .invalid(error)), &turn)
            }
        }
        sendRecords(news, to: sessions.keys.filter { $0 != peer }, &turn)
    }

    /// The same messages to each of the peers.
    func sendRecords(_ records: [AgedRecord], to peers: [PeerID], _ turn: inout Turn) {
        guard !peers.isEmpty else { return }
        let messages = SyncMessage.records(records, maximumLength: settings.limits.maximumSyncMessageLength)
        for peer in peers.sorted() {
            for message in messages { turn.act(.sendSync(to: peer, message)) }
        }
    }
}

// MARK: - Lists

extension ControlPlane {
    /// Sends at once what the peer has an older version of, and after the end of the list what it did not name.
    private mutating func receiveList(_ message: WireSyncMessage, from peer: PeerID, _ turn: inout Turn) {
        guard !message.held.isEmpty || message.heldComplete, hasGlitchesLeft(peer) else { return }
        if let answeredAt = sessions[peer]?.answeredAt, turn.now < answeredAt + settings.limits.minimumListInterval {
            return glitch(of: peer, .syncRefused(from: peer, .listTooSoon), &turn)
        }
        var wanted: [Membership.Member] = []
        for entry in message.held {
            guard let older = receiveEntry(entry, from: peer, &turn) else { continue }
            wanted.append(older)
        }
        guard hasGlitchesLeft(peer) else { return }
        if message.heldComplete {
            let named = sessions[peer]?.named ?? []
            wanted += membership.all.filter { !named.contains($0.record.peer) }
            sessions[peer]?.endList(answeredAt: turn.now)
        }
        sendRecords(wanted.compactMap { $0.aged(at: turn.now) }, to: [peer], &turn)
    }

    /// Our record, if it is newer than the one that the peer lists.
    private mutating func receiveEntry(_ entry: WireSyncMessage.Held, from peer: PeerID, _ turn: inout Turn) -> Membership.Member? {
        guard hasGlitchesLeft(peer), let session = sessions[peer] else { return nil }
        guard session.entryCount < settings.limits.maximumListEntries else {
            glitch(of: peer, .syncRefused(from: peer, .listTooLong), &turn)
            return nil
        }
        sessions[peer]?.countEntry()
        guard let subject = try? PeerID(bytes: entry.peerID) else {
            glitch(of: peer, .syncRefused(from: peer, .malformed), &turn)
            return nil
        }
        guard let member = membership[subject], !session.named.contains(subject) else { return nil }
        sessions[peer]?.name(subject)
        return member.record.sequence > entry.sequence ? member : nil
    }
}

extension ControlPlaneLimits {
    /// Entries of a list: members, and those that are remembered after they ended.
    var maximumListEntries: Int { membership.maximumMembers + membership.maximumForgotten }
}

extension Membership.Member {
    /// `nil` if the lease has ended.
    fileprivate func aged(at now: Instant) -> AgedRecord? {
        let age = now - issuedAt
        return age < record.lease ? AgedRecord(sealed, age: age) : nil
    }
}
