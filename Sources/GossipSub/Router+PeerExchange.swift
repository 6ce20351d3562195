import Multiformats
import Timeline

/// Peers told to those for whom we have no room, and peers told to us. Source: gossipsub-v1.1.md, "PRUNE Backoff and Peer Exchange".
extension GossipSubRouter {
    /// Keeps what a peer says of itself, if it is the one who signed it.
    mutating func keep(_ record: [UInt8], of peer: PeerID) {
        guard configuration.exchangesPeers else { return }
        records.keep(record, of: peer)
    }

    /// Other peers in the topic, those with a record first: the others are of use only to who can find them by their id.
    mutating func suggestions(for peer: PeerID, _ topic: Topic, now: Instant) -> [PeerSuggestion] {
        guard configuration.exchangesPeers, score(of: peer, now: now) >= 0 else { return [] }
        let others = gossipers(topic).filter { $0 != peer && score(of: $0, now: now) >= 0 }.sorted().shuffled(using: &generator)
        let ordered = others.filter { records[$0] != nil } + others.filter { records[$0] == nil }
        var room = min(configuration.maximumExchangeBytes, configuration.maximumRPCBytes / 2)
        return ordered.prefix(configuration.maximumExchangedPeers).compactMap { other in
            let suggestion = PeerSuggestion(peer: other, record: records[other])
            room -= suggestion.maximumEncodedBytes
            return room >= 0 ? suggestion : nil
        }
    }

    /// Passes on to the owner whoever is not connected and whose record holds. Each record costs a check of its signature, so their number
    /// is limited.
    mutating func take(_ suggestions: [PeerSuggestion], from peer: PeerID, now: Instant) {
        guard configuration.exchangesPeers, !suggestions.isEmpty else { return }
        guard score(of: peer, now: now) >= thresholds.acceptPeerExchange else { return drop(peer, .lowScore, now: now) }
        renewQuota(of: peer, now: now)
        let left = configuration.maximumExchangedPeers - (peers[peer]?.quota.suggestionsTaken ?? 0)
        if suggestions.count > left { drop(peer, .tooManySuggestions, now: now) }
        let taken = suggestions.prefix(max(0, left))
        peers[peer]?.quota.suggestionsTaken += taken.count
        let wanted = taken.compactMap { record(in: $0, from: peer, now: now) }
        if !wanted.isEmpty { events.append(.connect(wanted)) }
    }

    private mutating func record(in suggestion: PeerSuggestion, from peer: PeerID, now: Instant) -> PeerRecord? {
        guard suggestion.peer != identity.peerID, peers[suggestion.peer] == nil, let sealed = suggestion.record else { return nil }
        guard let record = try? PeerRecord.open(sealed), record.peerID == suggestion.peer else {
            drop(peer, .invalidPeerRecord, now: now)
            return nil
        }
        return record
    }
}

/// What connected peers say of where they listen, in their own signed words.
struct PeerRecordBook: Sendable {
    private struct Entry: Sendable {
        let sequence: UInt64
        let sealed: [UInt8]
    }

    private let maximumCount: Int
    private let maximumBytes: Int
    private var entries: [PeerID: Entry] = [:]

    init(maximumCount: Int, maximumBytes: Int) {
        self.maximumCount = maximumCount
        self.maximumBytes = maximumBytes
    }

    var count: Int { entries.count }

    subscript(peer: PeerID) -> [UInt8]? { entries[peer]?.sealed }

    /// Takes a peer's own record, if it is not older than the one that is there. When full, that of a further peer is not taken.
    mutating func keep(_ sealed: [UInt8], of peer: PeerID) {
        guard sealed.count <= maximumBytes, entries[peer] != nil || entries.count < maximumCount else { return }
        guard let record = try? PeerRecord.open(sealed), record.peerID == peer else { return }
        guard entries[peer].map({ $0.sequence <= record.sequence }) ?? true else { return }
        entries[peer] = Entry(sequence: record.sequence, sealed: sealed)
    }

    mutating func forget(_ peer: PeerID) { entries[peer] = nil }
}
