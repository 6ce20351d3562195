import Multiformats

/// What one input makes us say, gathered for each peer, so that it goes out in one frame where it fits.
struct Outbox: Sendable {
    fileprivate struct Letter: Sendable {
        var subscriptions: [Subscription] = []
        var messages: [[UInt8]] = []
        var ihaves: [Topic: [MessageID]] = [:]
        var iwants: [MessageID] = []
        /// The last word counts for each topic: true is GRAFT.
        var grafts: [Topic: Graft] = [:]
    }

    fileprivate enum Graft: Hashable, Sendable {
        case graft
        case prune(backoffSeconds: UInt64?, [PeerSuggestion])
    }

    private var letters: [PeerID: Letter] = [:]

    /// Makes a frame go out even if there is nothing to say: the first one on a stream tells our subscriptions, also none.
    mutating func hello(_ peer: PeerID) {
        if letters[peer] == nil { letters[peer] = Letter() }
    }

    mutating func subscription(_ subscription: Subscription, to peer: PeerID) {
        letters[peer, default: Letter()].subscriptions.append(subscription)
    }

    mutating func message(_ bytes: [UInt8], to peer: PeerID) {
        letters[peer, default: Letter()].messages.append(bytes)
    }

    mutating func ihave(_ topic: Topic, _ ids: [MessageID], to peer: PeerID) {
        letters[peer, default: Letter()].ihaves[topic] = ids
    }

    mutating func iwant(_ ids: [MessageID], from peer: PeerID) {
        letters[peer, default: Letter()].iwants += ids
    }

    mutating func graft(_ topic: Topic, _ peer: PeerID) {
        letters[peer, default: Letter()].grafts[topic] = .graft
    }

    mutating func prune(_ topic: Topic, _ peer: PeerID, backoffSeconds: UInt64?, suggestions: [PeerSuggestion] = []) {
        letters[peer, default: Letter()].grafts[topic] = .prune(backoffSeconds: backoffSeconds, suggestions)
    }

    /// Empties the box into frames, each at most `maximumBytes` long, in the order of the peers.
    mutating func takeFrames(maximumBytes: Int) -> [(PeerID, [UInt8])] {
        defer { letters = [:] }
        return letters.sorted { $0.key < $1.key }.flatMap { peer, letter in
            letter.frames(maximumBytes: maximumBytes).map { (peer, $0) }
        }
    }
}

extension Outbox.Letter {
    fileprivate func frames(maximumBytes: Int) -> [[UInt8]] {
        var builder = FrameBuilder(maximumBytes: maximumBytes)
        for subscription in subscriptions { builder.add(subscription) }
        for message in messages { builder.add(message: message) }
        for entry in control { builder.add(entry) }
        builder.finish()
        return builder.frames
    }

    private var control: [ControlEntry] {
        var entries: [ControlEntry] = ihaves.sorted { $0.key < $1.key }.map { .ihave($0.key, $0.value) }
        if !iwants.isEmpty { entries.append(.iwant(iwants)) }
        for (topic, graft) in grafts.sorted(by: { $0.key < $1.key }) {
            switch graft {
            case .graft: entries.append(.graft(topic))
            case .prune(let seconds, let suggestions):
                entries.append(.prune(topic, backoffSeconds: seconds, suggestions: suggestions))
            }
        }
        return entries
    }
}
