import Multiformats
import Timeline

/// Frames and messages from peers.
extension GossipSubRouter {
    mutating func receive(_ frame: [UInt8], from peer: PeerID, now: Instant) {
        guard admit(peer) else { return }
        do {
            process(try RPCCodec.decode(frame, configuration), from: peer, now: now)
        } catch {
            drop(peer, error)
        }
    }

    private mutating func process(_ rpc: ReceivedRPC, from peer: PeerID, now: Instant) {
        for reason in rpc.excess.sorted(by: { "\($0)" < "\($1)" }) { drop(peer, reason) }
        let added = note(rpc.subscriptions, of: peer)
        for message in rpc.messages {
            do { try receive(message: message, from: peer, now: now) } catch { drop(peer, error) }
        }
        handleControl(rpc.control, from: peer, now: now)
        // Last, because the peer's own GRAFT in the same frame makes ours needless.
        for topic in added { graftIfWanted(peer, topic, now: now) }
    }

    /// Cheap checks come before costly ones. Only a message that passed them all is remembered as seen, so nobody can keep a good
    /// message away by sending a bad one of the same id first.
    private mutating func receive(message bytes: [UInt8], from peer: PeerID, now: Instant) throws(DropReason) {
        let received = try ReceivedMessage(bytes, configuration)
        guard let policy = topics[received.topic]?.policy else { return }
        let message = try received.identified(policy.signing)
        if seen.contains(message.id, now: now) {
            validations.noteSender(peer, of: message.id)
            return
        }
        if let author = message.author {
            guard author != identity.peerID else { throw .ownMessage }
            try received.verify(author: author)
        }
        try accept(message, policy.validation, from: peer, now: now)
    }

    private mutating func accept(
        _ message: WireMessage, _ validation: TopicPolicy.Validation, from peer: PeerID, now: Instant
    ) throws(DropReason) {
        promises.fulfil(message.id)
        switch validation {
        case .acceptAll: forward(message, excluding: [peer])
        case .external:
            guard validations.insert(message, from: peer, now: now) else { throw .tooManyPendingValidations }
        }
        seen.insert(message.id, now: now)
        events.append(
            .deliver(
                Message(
                    id: message.id, topic: message.topic, data: message.data, author: message.author, receivedFrom: peer,
                    sequenceNumber: message.sequenceNumber)))
    }

    mutating func settle(_ id: MessageID, _ verdict: Verdict) {
        guard let entry = validations.remove(id) else { return }
        switch verdict {
        case .accept: forward(entry.message, excluding: entry.senders)
        case .reject: drop(entry.receivedFrom, .rejected)
        case .ignore: break
        }
    }
}
