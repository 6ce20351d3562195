import Multiformats

/// What identifies a message across the network; see `TopicPolicy.Signing` for how it is made.
package struct MessageID: Hashable, Comparable, Sendable {
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    package static func < (left: MessageID, right: MessageID) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

/// A message from the network that passed the router's checks.
package struct Message: Hashable, Sendable {
    package let id: MessageID
    package let topic: Topic
    package let data: [UInt8]
    /// Who signed it; nil on a topic without signatures.
    package let author: PeerID?
    /// The neighbour that sent it to us, which need not be the author.
    package let receivedFrom: PeerID
    /// The author's counter; nil on a topic without signatures.
    package let sequenceNumber: UInt64?
}

/// What the application found about a message of a topic with external validation.
package enum Verdict: Hashable, Sendable {
    /// Forward it.
    case accept
    /// The message is bad and its sender should have known: drop it and count it against the sender.
    case reject
    /// Drop it; nobody is to blame.
    case ignore
}

/// The protocol negotiated on *our* outbound pubsub stream to a peer, in the order in which to offer them.
package enum PeerVersion: String, CaseIterable, Hashable, Sendable {
    // The names carry the protocol's own version numbers, hence the underscores.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    case v1_1 = "/meshsub/1.1.0"
    // swift-format-ignore: AlwaysUseLowerCamelCase
    case v1_0 = "/meshsub/1.0.0"
    case floodsub = "/floodsub/1.0.0"
}

/// Why something that a peer sent was not used.
package enum DropReason: Error, Hashable, Sendable, CaseIterable {
    /// The frame is longer than `maximumRPCBytes`.
    case rpcTooLarge
    /// The frame is no protobuf, or a control or subscription entry is not.
    case malformedRPC
    /// More peers than `maximumPeers`: nothing of this one is processed.
    case tooManyPeers
    /// More subscriptions than `maximumSubscriptionsPerPeer`, or more such entries in one RPC.
    case tooManySubscriptions
    /// A topic name is longer than `maximumTopicBytes`.
    case topicTooLong
    /// Its score is below the threshold from which on it is listened to at all.
    case graylisted
    /// More messages in one RPC than `maximumMessagesPerRPC`: those beyond were ignored.
    case tooManyMessages
    /// More control entries in one RPC than `maximumControlEntriesPerRPC`: those beyond were ignored.
    case tooManyControlEntries

    case malformedMessage
    case messageTooLarge
    /// A signed topic's message lacks author, sequence number or signature, or one of them has the wrong length.
    case missingField
    /// An unsigned topic's message carries author, sequence number, signature or key.
    case unexpectedField
    /// The author is no peer id, or its key is neither inlined nor given, or the given key is another's.
    case invalidAuthor
    case invalidSignature
    /// A message that claims to be our own but that we do not remember.
    case ownMessage
    /// The application said `Verdict.reject`.
    case rejected
    /// No room to await a verdict: the message was forgotten and may come again.
    case tooManyPendingValidations

    /// GRAFT before the back-off that we agreed on was over.
    case graftDuringBackoff
    /// GRAFT for a topic that the peer did not subscribe to.
    case graftWithoutSubscription
    /// Its score is too low for what it asked for or suggested.
    case lowScore
    /// More peers suggested than allowed in one PRUNE or one heartbeat.
    case tooManySuggestions
    /// A suggested peer's record is too long, no record, badly signed, or another peer's.
    case invalidPeerRecord
    /// More IHAVE than allowed in one heartbeat.
    case tooManyIHaves
    /// More IWANT than allowed in one heartbeat.
    case tooManyIWants
    /// It announced a message, was asked for it, and did not send it in time.
    case brokenPromise
}

/// Why one of our own requests was not carried out.
package enum Refusal: Error, Hashable, Sendable {
    /// `maximumTopics` are joined already.
    case tooManyTopics(Topic)
    case topicTooLong
    /// With its fields around it, the message exceeds `maximumMessageBytes`.
    case messageTooLarge(Topic)
    /// Unsigned topics only: the same data was published or received within the last `seenTTL`.
    case duplicate(Topic)
    case signingFailed(Topic)
}
