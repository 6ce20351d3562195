import Multiformats
import SwiftProtobuf

/// The entries of one RPC, apart from its messages. Source: pubsub/README.md, "The RPC"; gossipsub-v1.0.md, "Protobuf".
struct Subscription: Hashable, Sendable {
    let topic: Topic
    let isSubscribed: Bool
}

enum ControlEntry: Hashable, Sendable {
    case ihave(Topic, [MessageID])
    case iwant([MessageID])
    case graft(Topic)
    /// Nil: the peer did not say how long.
    case prune(Topic, backoffSeconds: UInt64?, suggestions: [PeerSuggestion] = [])
}

/// A peer that a PRUNE names, for whoever is pruned to connect to. Source: gossipsub-v1.1.md, "PRUNE Backoff and Peer Exchange".
struct PeerSuggestion: Hashable, Sendable {
    let peer: PeerID
    /// A signed envelope with its peer record; nil if who names it has none.
    let record: [UInt8]?
}

/// What one frame holds, within the configured bounds.
struct ReceivedRPC: Sendable {
    var subscriptions: [Subscription] = []
    /// The messages' own bytes, not decoded yet.
    var messages: [[UInt8]] = []
    var control: [ControlEntry] = []
    /// What was left out.
    var excess: Set<DropReason> = []
}

enum RPCCodec {
    /// Decodes one frame. Entries beyond a bound are left out and noted in `excess`; throws if the frame as a whole is unusable.
    static func decode(_ frame: [UInt8], _ limits: GossipSubConfiguration) throws(DropReason) -> ReceivedRPC {
        guard frame.count <= limits.maximumRPCBytes else { throw .rpcTooLarge }
        var rpc = ReceivedRPC()
        do {
            var scanner = ProtobufScanner(frame[...])
            while let field = try scanner.next() { try rpc.add(field, limits) }
        } catch {
            throw .malformedRPC
        }
        return rpc
    }
}

extension ReceivedRPC {
    fileprivate mutating func add(_ field: ProtobufScanner.Field, _ limits: GossipSubConfiguration) throws {
        guard let content = field.content else { return }
        switch field.number {
        case 1: try addSubscription(content, limits)
        case 2:
            if messages.count < limits.maximumMessagesPerRPC { messages.append(Array(content)) } else { excess.insert(.tooManyMessages) }
        case 3:
            // Occurrences of an embedded message are merged, says protobuf.
            var scanner = ProtobufScanner(content)
            while let entry = try scanner.next() { try addControl(entry, limits) }
        default: break
        }
    }

    private mutating func addSubscription(_ content: ArraySlice<UInt8>, _ limits: GossipSubConfiguration) throws {
        guard subscriptions.count < limits.maximumSubscriptionsPerRPC else {
            excess.insert(.tooManySubscriptions)
            return
        }
        let wire = try WireRPC.SubOpts(serializedBytes: Array(content))
        guard let topic = bounded(wire.topicid, limits) else { return }
        subscriptions.append(Subscription(topic: topic, isSubscribed: wire.subscribe))
    }

    private mutating func addControl(_ field: ProtobufScanner.Field, _ limits: GossipSubConfiguration) throws {
        guard let content = field.content, (1...4).contains(field.number) else { return }
        guard control.count < limits.maximumControlEntriesPerRPC else {
            excess.insert(.tooManyControlEntries)
            return
        }
        if let entry = try controlEntry(field.number, content, limits) { control.append(entry) }
    }

    private mutating func controlEntry(
        _ number: UInt64, _ content: ArraySlice<UInt8>, _ limits: GossipSubConfiguration
    ) throws -> ControlEntry? {
        switch number {
        case 1:
            let wire = try WireControlIHave(serializedBytes: Array(content))
            return bounded(wire.topicID, limits).map { .ihave($0, messageIDs(wire.messageIds, limits)) }
        case 2: return .iwant(messageIDs(try WireControlIWant(serializedBytes: Array(content)).messageIds, limits))
        case 3: return bounded(try WireControlGraft(serializedBytes: Array(content)).topicID, limits).map { .graft($0) }
        default:
            let wire = try WireControlPrune(serializedBytes: Array(content))
            guard let topic = bounded(wire.topicID, limits) else { return nil }
            let seconds = wire.hasBackoff ? wire.backoff : nil
            return .prune(topic, backoffSeconds: seconds, suggestions: limits.exchangesPeers ? suggestions(wire.peers, limits) : [])
        }
    }

    /// Which of too many are left out is for who names them to choose: those are the last ones.
    private mutating func suggestions(_ peers: [WirePrunePeerInfo], _ limits: GossipSubConfiguration) -> [PeerSuggestion] {
        if peers.count > limits.maximumExchangedPeers { excess.insert(.tooManySuggestions) }
        return peers.prefix(limits.maximumExchangedPeers).compactMap { wire in
            guard let peer = try? PeerID(bytes: wire.peerID), wire.signedPeerRecord.count <= limits.maximumPeerRecordBytes else {
                excess.insert(.invalidPeerRecord)
                return nil
            }
            return PeerSuggestion(peer: peer, record: wire.hasSignedPeerRecord ? Array(wire.signedPeerRecord) : nil)
        }
    }

    private mutating func bounded(_ name: String, _ limits: GossipSubConfiguration) -> Topic? {
        guard name.utf8.count <= limits.maximumTopicBytes else {
            excess.insert(.topicTooLong)
            return nil
        }
        return Topic(name)
    }

    /// Ids that are longer than any of ours can be are left out: nothing could be found under them.
    private func messageIDs(_ ids: [some Collection<UInt8>], _ limits: GossipSubConfiguration) -> [MessageID] {
        ids.compactMap { $0.count <= limits.maximumMessageIDBytes ? MessageID(bytes: Array($0)) : nil }
    }
}
