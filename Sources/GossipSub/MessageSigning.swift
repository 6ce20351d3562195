import Crypto
import Multiformats
import SwiftProtobuf

/// A message with what the router needs of it, and the bytes in which it travels.
struct WireMessage: Hashable, Sendable {
    let id: MessageID
    let topic: Topic
    let data: [UInt8]
    let author: PeerID?
    let sequenceNumber: UInt64?
    /// The encoded message. A received one is forwarded in just these bytes, with fields that we do not know.
    let bytes: [UInt8]
}

/// Making and checking messages. Source: libp2p specification, pubsub/README.md, "Message Identification", "Message Signing".
enum MessageSigning {
    /// Put before the bytes that are signed.
    static let prefix = Array("libp2p-pubsub:".utf8)
    /// Bytes of SHA-256 in the id of an unsigned message.
    static let contentIDLength = 20
    static let sequenceNumberLength = 8

    /// An own message for a topic without signatures.
    static func unsigned(_ topic: Topic, _ data: [UInt8]) throws -> WireMessage {
        var wire = WirePubSubMessage()
        wire.data = .init(data)
        wire.topic = topic.name
        let bytes: [UInt8] = try wire.serializedBytes()
        return WireMessage(
            id: contentID(topic, data), topic: topic, data: data, author: nil, sequenceNumber: nil, bytes: bytes)
    }

    /// An own, signed message. `key` is left out: an Ed25519 key is inlined in the peer id.
    static func signed(_ topic: Topic, _ data: [UInt8], sequence: UInt64, by identity: Identity) throws -> WireMessage {
        let author = identity.peerID
        let sequenceBytes = withUnsafeBytes(of: sequence.bigEndian) { Array($0) }
        var wire = WirePubSubMessage()
        wire.from = .init(author.bytes)
        wire.data = .init(data)
        wire.seqno = .init(sequenceBytes)
        wire.topic = topic.name
        wire.signature = .init(try identity.sign(try signedBytes(of: wire)))
        let bytes: [UInt8] = try wire.serializedBytes()
        return WireMessage(
            id: MessageID(bytes: author.bytes + sequenceBytes), topic: topic, data: data, author: author, sequenceNumber: sequence,
            bytes: bytes)
    }

    static func contentID(_ topic: Topic, _ data: [UInt8]) -> MessageID {
        var hash = SHA256()
        hash.update(data: topic.bytes)
        hash.update(data: data)
        return MessageID(bytes: Array(hash.finalize().prefix(contentIDLength)))
    }

    /// The message with its fields in order and without signature and key; fields that we do not know stay, at the end.
    static func signedBytes(of wire: WirePubSubMessage) throws -> [UInt8] {
        var bare = wire
        bare.clearSignature()
        bare.clearKey()
        let bytes: [UInt8] = try bare.serializedBytes()
        return prefix + bytes
    }
}

/// A message from the network, checked step by step, the cheap steps first.
struct ReceivedMessage {
    let topic: Topic
    private let wire: WirePubSubMessage
    private let bytes: [UInt8]

    init(_ bytes: [UInt8], _ limits: GossipSubConfiguration) throws(DropReason) {
        guard bytes.count <= limits.maximumMessageBytes else { throw .messageTooLarge }
        guard let wire = try? WirePubSubMessage(serializedBytes: bytes) else { throw .malformedMessage }
        guard wire.topic.utf8.count <= limits.maximumTopicBytes else { throw .topicTooLong }
        self.wire = wire
        self.bytes = bytes
        topic = Topic(wire.topic)
    }

    /// Checks which fields are there and makes the id; no cryptography but, on an unsigned topic, the hash that is the id.
    func identified(_ signing: TopicPolicy.Signing) throws(DropReason) -> WireMessage {
        switch signing {
        case .none: try identifiedByContent()
        case .strictSign: try identifiedByAuthor()
        }
    }

    /// Checks that the author signed it.
    func verify(author: PeerID) throws(DropReason) {
        let key = try authorKey(author)
        guard let signed = try? MessageSigning.signedBytes(of: wire) else { throw .malformedMessage }
        guard key.isValidSignature(Array(wire.signature), for: signed) else { throw .invalidSignature }
    }

    private func identifiedByContent() throws(DropReason) -> WireMessage {
        guard !wire.hasFrom, !wire.hasSeqno, !wire.hasSignature, !wire.hasKey else { throw .unexpectedField }
        let data = Array(wire.data)
        return WireMessage(
            id: MessageSigning.contentID(topic, data), topic: topic, data: data, author: nil, sequenceNumber: nil, bytes: bytes)
    }

    private func identifiedByAuthor() throws(DropReason) -> WireMessage {
        guard wire.hasFrom, !wire.signature.isEmpty, wire.seqno.count == MessageSigning.sequenceNumberLength
        else { throw .missingField }
        guard let author = try? PeerID(bytes: wire.from) else { throw .invalidAuthor }
        return WireMessage(
            id: MessageID(bytes: author.bytes + wire.seqno), topic: topic, data: Array(wire.data), author: author,
            sequenceNumber: wire.seqno.reduce(0) { $0 << 8 | UInt64($1) }, bytes: bytes)
    }

    /// The key that the author's id inlines, or else the one given, which must be the author's.
    private func authorKey(_ author: PeerID) throws(DropReason) -> PublicKey {
        guard wire.hasKey else {
            guard let inlined = author.publicKey else { throw .invalidAuthor }
            return inlined
        }
        guard let given = try? PublicKey(protobuf: Array(wire.key)), given.peerID == author else { throw .invalidAuthor }
        return given
    }
}
