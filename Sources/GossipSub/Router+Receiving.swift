import Multiformats
import Timeline

/// Frames and messages from peers.
extension GossipSubRouter {
    mutating func receive(_ frame: [UInt8], from peer: PeerID, now: Instant) {
        guard admit(peer, now: now) else { return }
        guard score(of: peer, now: now) >= thresholds.graylist else { return drop(peer, .graylisted, now: now) }
        do {
            process(try RPCCodec.decode(frame, configuration), from: peer, now: now)
        } catch {
            drop(peer, error, now: now)
        }
    }

    private mutating func process(_ rpc: ReceivedRPC, from peer: PeerID, now: Instant) {
        for reason in rpc.excess.sorted(by: { "\($0)" < "\($1)" }) { drop(peer, reason, now: now) }
        let added = note(rpc.subscriptions, of: peer, now: now)
        for message in rpc.messages { receive(message: message, from: peer, now: now) }
        handleControl(rpc.control, from: peer, now: now)
        // Last, because the peer's own GRAFT in the same frame makes ours needless.
        for topic in added { graftIfWanted(peer, topic, now: now) }
    }

    /// Cheap checks come before costly ones. Only a message that passed them all is remembered as seen, so nobody can keep a good
    /// message away by sending a bad one of the same id first.
    private mutating func receive(message bytes: [UInt8], from peer: PeerID, now: Instant) {
        var topic: Topic?
        do throws(DropReason) {
            let received = try ReceivedMessage(bytes, configuration)
            guard let policy = topics[received.topic]?.policy else { return }
            topic = received.topic
            try process(received, policy, from: peer, now: now)
        } catch {
            drop(peer, error, on: topic, now: now)
        }
    }

    private mutating func process(
        _ received: ReceivedMessage, _ policy: TopicPolicy, from peer: PeerID, now: Instant
    ) throws(DropReason) {
        let message = try received.identified(policy.signing)
        if seen.contains(message.id, now: now) { return noteCopy(of: message, from: peer, now: now) }
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
        case .acceptAll: approve(message, from: peer, senders: [peer], now: now)
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

    /// A copy counts for or against who sends it, as soon as it is known what the message is worth.
    private mutating func noteCopy(of message: WireMessage, from peer: PeerID, now: Instant) {
        guard !validations.noteSender(peer, of: message.id) else { return }
        scores?.repeated(message.id, message.topic, by: peer, now: now)
    }

    private mutating func approve(_ message: WireMessage, from peer: PeerID, senders: Set<PeerID>, now: Instant) {
        scores?.delivered(message.id, message.topic, by: peer, and: senders.subtracting([peer]), now: now)
        forward(message, excluding: senders, now: now)
    }

    mutating func settle(_ id: MessageID, _ verdict: Verdict, now: Instant) {
        guard let entry = validations.remove(id) else { return }
        switch verdict {
        case .accept: approve(entry.message, from: entry.receivedFrom, senders: entry.senders, now: now)
        case .reject:
            scores?.rejected(id, entry.message.topic, from: entry.senders, now: now)
            drop(entry.receivedFrom, .rejected, now: now)
        case .ignore: break
        }
    }
}
