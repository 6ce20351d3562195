import Multiformats
import Testing

@testable import GossipSub

@Suite("Message signing")
struct MessageSigningTests {
    // Golden vectors: identity seed 0…31, message {data "hello", seqno 1, topic "w2w:announces"}; checked by go-libp2p and py-libp2p.
    private static let unsignedBytes = bytes(
        hex: "0a2600240801122003a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8120568656c6c6f1a080000000000000001"
            + "220d7732773a616e6e6f756e636573")
    private static let signature = bytes(
        hex: "b76a663f231f56fce64645274e61fb62dbb399a59b4060c6a3d524fe653e558cd358607314a4222082add0855b1e4a4981e39b7f9d6c6e57d073efdb"
            + "ec4c1e0c")
    private static let full = unsignedBytes + [0x2a, 0x40] + signature
    private let announces = Topic("w2w:announces")

    private func author() throws -> Identity { try Identity(seed: Array(0..<32)) }

    @Test("the signed bytes, the signature and the whole message are those of other implementations")
    func golden() throws {
        let message = try MessageSigning.signed(announces, Array("hello".utf8), sequence: 1, by: try author())
        #expect(message.bytes == Self.full)
        #expect(message.id.bytes == (try author()).peerID.bytes + [0, 0, 0, 0, 0, 0, 0, 1])
        let wire = try WirePubSubMessage(serializedBytes: Self.full)
        #expect(try MessageSigning.signedBytes(of: wire) == Array("libp2p-pubsub:".utf8) + Self.unsignedBytes)
        #expect(Array(wire.signature) == Self.signature)
    }

    @Test("a router publishes and accepts the golden message")
    func goldenThroughRouter() throws {
        var sender = Router(identity: try author(), firstSequence: 1, generator: .init(seed: 1))
        _ = sender.handle(.subscribe(announces, signed), now: .origin)
        let other = try peerID(5)
        _ = sender.handle(.peerConnected(other, .v1_1, isOutbound: true), now: .origin)
        _ = sender.handle(.received(from: other, frame(subscribe: [announces])), now: .origin)
        #expect(sender.handle(.publish(announces, Array("hello".utf8)), now: .origin).messages(to: other) == [Self.full])

        var receiver = try Bench()
        _ = receiver(.subscribe(announces, signed))
        let actions = receiver(.received(from: other, frame(messages: [Self.full])))
        #expect(actions.delivered.map(\.data) == [Array("hello".utf8)])
        #expect(actions.delivered.first?.author == (try author()).peerID)
        #expect(actions.delivered.first?.sequenceNumber == 1)
    }

    @Test("sequence numbers count up from the given one")
    func sequence() throws {
        var bench = try Bench()
        _ = bench(.subscribe(topic, signed))
        let other = try peerID(1)
        _ = bench.join(other)
        let sent = try (0..<3).flatMap { bench(.publish(topic, [$0])).messages(to: other) }
            .map { try ReceivedMessage($0, GossipSubConfiguration()).identified(.strictSign).sequenceNumber }
        #expect(sent == [1, 2, 3])
    }

    /// What a signed topic makes of a message.
    private func judge(_ change: (inout WirePubSubMessage) throws -> Void, index: Int = 0) throws -> [GossipSubAction] {
        var wire = try WirePubSubMessage(
            serializedBytes: try MessageSigning.signed(topic, [1, 2, 3], sequence: 9, by: try identity(4)).bytes)
        try change(&wire)
        var bench = try Bench(index: index)
        _ = bench(.subscribe(topic, signed))
        return bench(.received(from: try peerID(1), frame(messages: [try wire.serializedBytes()])))
    }

    @Test("an untouched message passes")
    func untouched() throws {
        #expect(try judge { _ in }.delivered.count == 1)
    }

    @Test("every forgery is refused, by its reason")
    func forgeries() throws {
        #expect(try judge { $0.data = .init([1, 2, 4]) }.dropReasons == [.invalidSignature])
        #expect(try judge { $0.seqno[7] ^= 1 }.dropReasons == [.invalidSignature])
        #expect(try judge { $0.from = .init(try peerID(5).bytes) }.dropReasons == [.invalidSignature])
        #expect(try judge { $0.signature[0] ^= 1 }.dropReasons == [.invalidSignature])
        #expect(try judge { $0.signature = .init([1]) }.dropReasons == [.invalidSignature])
        #expect(try judge { $0.clearSignature() }.dropReasons == [.missingField])
        #expect(try judge { $0.clearFrom() }.dropReasons == [.missingField])
        #expect(try judge { $0.clearSeqno() }.dropReasons == [.missingField])
        #expect(try judge { $0.seqno = .init([1]) }.dropReasons == [.missingField])
        #expect(try judge { $0.from = .init([1, 2, 3]) }.dropReasons == [.invalidAuthor])
        #expect(try judge { $0.key = .init(try identity(5).publicKey.protobuf) }.dropReasons == [.invalidAuthor])
        #expect(try judge { $0.key = .init([1, 2]) }.dropReasons == [.invalidAuthor])
        #expect(try judge { $0.from = .init([0x12, 0x20] + [UInt8](repeating: 1, count: 32)) }.dropReasons == [.invalidAuthor])
        #expect(try judge({ _ in }, index: 4).dropReasons == [.ownMessage])
    }

    @Test("the author's own key may be given though it is inlined")
    func ownKey() throws {
        #expect(try judge { $0.key = .init(try identity(4).publicKey.protobuf) }.delivered.count == 1)
    }

    @Test("a forgery does not keep the genuine message away")
    func forgeryFirst() throws {
        let genuine = try MessageSigning.signed(topic, [1], sequence: 1, by: try identity(4)).bytes
        var forged = genuine
        forged[forged.count - 1] ^= 1
        var bench = try Bench()
        _ = bench(.subscribe(topic, signed))
        let from = try peerID(1)
        #expect(bench(.received(from: from, frame(messages: [forged]))).dropReasons == [.invalidSignature])
        #expect(bench(.received(from: from, frame(messages: [genuine]))).delivered.count == 1)
    }

    @Test("fields that we do not know are signed and forwarded as they came")
    func unknownFields() throws {
        let author = try identity(4)
        var wire = try WirePubSubMessage(serializedBytes: try MessageSigning.signed(topic, [1], sequence: 1, by: author).bytes)
        let extended: [UInt8] = try wire.serializedBytes() + [0x7a, 2, 5, 6]
        wire = try WirePubSubMessage(serializedBytes: extended)
        let signature = try author.sign(try MessageSigning.signedBytes(of: wire))
        #expect(try MessageSigning.signedBytes(of: wire).suffix(4) == [0x7a, 2, 5, 6])
        // The signature comes first on the wire: an order that no encoder of ours makes.
        wire.clearSignature()
        let unusual: [UInt8] = [0x2a, 0x40] + signature + (try wire.serializedBytes())

        var bench = try Bench()
        _ = bench(.subscribe(topic, signed))
        let sender = try peerID(1)
        let next = try peerID(2)
        _ = bench.join(sender)
        _ = bench.join(next)
        let actions = bench(.received(from: sender, frame(messages: [unusual])))
        #expect(actions.delivered.count == 1)
        #expect(actions.messages(to: next) == [unusual])
        #expect(actions.messages(to: sender).isEmpty)
    }

    @Test("an unsigned message's id is made of its content")
    func contentID() throws {
        // SHA-256("abc"), first 20 bytes: FIPS 180-4 example.
        let id = MessageSigning.contentID(Topic("a"), Array("bc".utf8))
        #expect(id.bytes == bytes(hex: "ba7816bf8f01cfea414140de5dae2223b00361a3"))
    }

    @Test("an unsigned topic refuses what a signed one demands")
    func strictNoSign() throws {
        let changes: [(inout WirePubSubMessage) throws -> Void] = [
            { _ in }, { $0.from = .init([1]) }, { $0.seqno = .init([1]) }, { $0.signature = .init([1]) }, { $0.key = .init([1]) },
            { $0.seqno = .init() },
        ]
        var reasons: [[DropReason]] = []
        for change in changes {
            var wire = try WirePubSubMessage(serializedBytes: try MessageSigning.unsigned(topic, [1, 2]).bytes)
            try change(&wire)
            var bench = try Bench()
            _ = bench(.subscribe(topic, unsigned))
            reasons.append(bench(.received(from: try peerID(1), frame(messages: [try wire.serializedBytes()]))).dropReasons)
        }
        #expect(reasons == [[]] + Array(repeating: [.unexpectedField], count: 5))
    }
}
