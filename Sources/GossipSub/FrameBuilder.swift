import Multiformats
import SwiftProtobuf

/// Puts entries into as few RPC frames as the size limit allows, in their order. A frame has one control message at most, since
/// some decoders keep only the last one.
struct FrameBuilder {
    private let maximumBytes: Int
    private(set) var frames: [[UInt8]] = []

    private var subscriptions = WireRPC()
    private var messages: [[UInt8]] = []
    private var control = WireControlMessage()
    /// An upper bound of the encoded size of the frame begun.
    private var size = 0

    /// Tag and length of an entry, of its parts and of the control message around it.
    private static let entryOverhead = 32
    private static let idOverhead = 4

    init(maximumBytes: Int) {
        self.maximumBytes = maximumBytes
    }

    mutating func add(_ subscription: Subscription) {
        makeRoom(Self.entryOverhead + subscription.topic.bytes.count)
        var wire = WireRPC.SubOpts()
        wire.subscribe = subscription.isSubscribed
        wire.topicid = subscription.topic.name
        subscriptions.subscriptions.append(wire)
    }

    /// Adds a message as it is.
    mutating func add(message: [UInt8]) {
        makeRoom(message.count + Varint.encode(UInt64(message.count)).count + 1)
        messages.append(message)
    }

    mutating func add(_ entry: ControlEntry) {
        switch entry {
        case .ihave(let topic, let ids):
            makeRoom(Self.entryOverhead + topic.bytes.count + size(of: ids))
            var wire = WireControlIHave()
            wire.topicID = topic.name
            wire.messageIds = ids.map { .init($0.bytes) }
            control.ihave.append(wire)
        case .iwant(let ids):
            makeRoom(Self.entryOverhead + size(of: ids))
            var wire = WireControlIWant()
            wire.messageIds = ids.map { .init($0.bytes) }
            control.iwant.append(wire)
        case .graft(let topic):
            makeRoom(Self.entryOverhead + topic.bytes.count)
            var wire = WireControlGraft()
            wire.topicID = topic.name
            control.graft.append(wire)
        case .prune(let topic, let seconds, let suggestions):
            makeRoom(suggestions.reduce(Self.entryOverhead + topic.bytes.count) { $0 + $1.maximumEncodedBytes })
            var wire = WireControlPrune()
            wire.topicID = topic.name
            if let seconds { wire.backoff = seconds }
            wire.peers = suggestions.map(\.wire)
            control.prune.append(wire)
        }
    }

    /// Ends the frame begun, even if it is empty.
    mutating func finish() {
        var tail = WireRPC()
        if control != WireControlMessage() { tail.control = control }
        // Encoding these messages cannot fail: they have no required fields and are far below two gigabytes.
        var frame: [UInt8] = (try? subscriptions.serializedBytes()) ?? []
        for message in messages {
            frame.append(0x12)
            frame += Varint.encode(UInt64(message.count))
            frame += message
        }
        frame += (try? tail.serializedBytes()) ?? []
        frames.append(frame)
        self = FrameBuilder(maximumBytes: maximumBytes, frames: frames)
    }

    private init(maximumBytes: Int, frames: [[UInt8]]) {
        self.maximumBytes = maximumBytes
        self.frames = frames
    }

    private func size(of ids: [MessageID]) -> Int {
        ids.reduce(0) { $0 + $1.bytes.count + Self.idOverhead }
    }

    private mutating func makeRoom(_ bytes: Int) {
        if size > 0, size + bytes > maximumBytes { finish() }
        size += bytes
    }
}

extension PeerSuggestion {
    /// Tags and lengths of the entry and its two fields.
    private static let overhead = 16

    /// An upper bound.
    var maximumEncodedBytes: Int { Self.overhead + peer.bytes.count + (record?.count ?? 0) }

    fileprivate var wire: WirePrunePeerInfo {
        var wire = WirePrunePeerInfo()
        wire.peerID = .init(peer.bytes)
        if let record { wire.signedPeerRecord = .init(record) }
        return wire
    }
}
