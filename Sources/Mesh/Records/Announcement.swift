import Multiformats

/// A gossip message of the mesh.
package enum Announcement: Hashable, Sendable {
    case record(AgedRecord)
    case unreachable(UnreachableReport)
    case forgotten(ForgottenReport)

    /// Parses, and verifies what is signed, unless it is held.
    package static func decode(
        _ bytes: [UInt8], holding membership: Membership, else opener: RecordOpener = SealedRecord.open
    ) throws(RecordError) -> Announcement {
        guard bytes.count <= RecordLimits.maximumAnnouncementLength else { throw .tooLong(byteCount: bytes.count) }
        guard let content = (try? WireAnnouncementMessage(serializedBytes: bytes))?.content else { throw .malformed }
        switch content {
        case .record(let message): return .record(try AgedRecord(message, holding: membership, else: opener))
        case .unreachable(let message): return .unreachable(try UnreachableReport(message))
        case .forgotten(let message): return .forgotten(try ForgottenReport(message))
        }
    }

    package var encoded: [UInt8] {
        var message = WireAnnouncementMessage()
        switch self {
        case .record(let aged): message.record = aged.message
        case .unreachable(let report): message.unreachable = report.message
        case .forgotten(let report): message.forgotten = report.message
        }
        return (try? message.serializedBytes()) ?? []  // a message without required fields always encodes
    }
}

/// Somebody's word that a member cannot be reached: his connection to it broke, and it does not answer.
///
/// It is not signed, so that the reports of all who lost the same node are one message, which gossip passes on once. A member can lie by
/// it as by a signed one; the one it is about then says that it is there, by a newer record. It changes nothing but what people are shown
/// and how often the node is dialled.
package struct UnreachableReport: Hashable, Sendable {
    package let peer: PeerID
    /// Of the record that the member was last known by; a newer one refutes the report.
    package let sequence: UInt64

    package init(peer: PeerID, sequence: UInt64) {
        self.peer = peer
        self.sequence = sequence
    }

    init(_ message: WireUnreachableMessage) throws(RecordError) {
        guard let peer = try? PeerID(bytes: [UInt8](message.peerID)) else { throw .malformed }
        self.init(peer: peer, sequence: message.sequence)
    }

    var message: WireUnreachableMessage {
        var message = WireUnreachableMessage()
        message.peerID = .init(peer.bytes)
        message.sequence = sequence
        return message
    }
}

/// A person's word that a member is gone for good, told to one node and passed on by all.
///
/// It is not signed: a node believes it only of a member that it holds for unreachable as well, so it is no more than a wish. The one it is
/// about, if it is there, says so by a newer record.
package struct ForgottenReport: Hashable, Sendable {
    package let peer: PeerID
    /// Of the last record that does not count any more.
    package let sequence: UInt64

    package init(peer: PeerID, sequence: UInt64) {
        self.peer = peer
        self.sequence = sequence
    }

    init(_ message: WireForgottenMessage) throws(RecordError) {
        guard let peer = try? PeerID(bytes: [UInt8](message.peerID)) else { throw .malformed }
        self.init(peer: peer, sequence: message.sequence)
    }

    var message: WireForgottenMessage {
        var message = WireForgottenMessage()
        message.peerID = .init(peer.bytes)
        message.sequence = sequence
        return message
    }
}
