import Multiformats
import SwiftProtobuf
import Timeline

/// What is worth keeping across restarts: all records, our own among them, and who was forgotten. No secrets.
package struct MeshSnapshot: Sendable {
    /// A `ForgottenMember` without a time line.
    struct Forgotten: Sendable {
        let peer: PeerID
        let sequence: UInt64
        /// Until nobody holds such a record any more.
        let remaining: Duration

        func member(now: Instant) -> ForgottenMember { ForgottenMember(peer: peer, sequence: sequence, until: now + remaining) }
    }

    package let records: [AgedRecord]
    let forgotten: [Forgotten]

    /// Reads what `encoded` wrote. A damaged record is skipped: the mesh will tell it anew. Of a file that was cut, what is whole counts.
    ///
    /// - Parameter elapsed: since it was saved, by the wall clock, which may have been set meanwhile: it never ages a record so far that
    ///   its owner's next one, which is due after a third of the lease, could come too late. Negative counts as zero.
    package init(decoding bytes: [UInt8], elapsed: Duration, opener: RecordOpener = SealedRecord.open) {
        let elapsed = min(max(elapsed, .zero), RecordLimits.leaseRange.upperBound)
        let message = Self.message(in: bytes)
        records = message.records.compactMap { message in
            guard let aged = try? AgedRecord(message, opener: opener) else { return nil }
            let longest = aged.sealed.record.lease * 2 / 3
            return AgedRecord(aged.sealed, age: max(aged.age, min(aged.age + elapsed, longest)))
        }
        forgotten = message.forgotten.compactMap { Forgotten($0, elapsed: elapsed) }
    }

    /// The fields up to the first that is not whole: each is a message with a length before it.
    private static func message(in bytes: [UInt8]) -> WireSnapshotMessage {
        var rest = bytes[...]
        var end = rest.startIndex
        while (try? Varint.decode(&rest)) != nil, let length = try? Varint.decode(&rest), length <= rest.count {
            rest = rest.dropFirst(Int(length))
            end = rest.startIndex
        }
        return (try? WireSnapshotMessage(serializedBytes: Array(bytes[..<end]))) ?? WireSnapshotMessage()
    }

    package var encoded: [UInt8] {
        var message = WireSnapshotMessage()
        message.records = records.map(\.message)
        message.forgotten = forgotten.map(\.message)
        return (try? message.serializedBytes()) ?? []  // a message without required fields always encodes
    }
}

extension MeshSnapshot {
    fileprivate init(_ membership: Membership, now: Instant) {
        let others = membership.all.filter { $0.record.peer != membership.ownPeer }.sorted { $0.record.peer < $1.record.peer }
        records = ([membership.own].compactMap(\.self) + others).map { AgedRecord($0.sealed, age: now - $0.issuedAt) }
        forgotten = membership.forgottenMembers(now: now).map {
            Forgotten(peer: $0.peer, sequence: $0.sequence, remaining: $0.until - now)
        }
    }
}

extension MeshSnapshot.Forgotten {
    /// `nil` if it is malformed, or need not be remembered any more.
    fileprivate init?(_ message: WireForgottenMemberMessage, elapsed: Duration) {
        let longest = RecordLimits.leaseRange.upperBound
        let saved = Duration.milliseconds(Int64(min(message.remainingMillis, UInt64(longest.wholeSeconds) * 1000)))
        guard let peer = try? PeerID(bytes: [UInt8](message.peerID)), saved > elapsed else { return nil }
        self.init(peer: peer, sequence: message.sequence, remaining: saved - elapsed)
    }

    fileprivate var message: WireForgottenMemberMessage {
        var message = WireForgottenMemberMessage()
        message.peerID = .init(peer.bytes)
        message.sequence = sequence
        message.remainingMillis = UInt64(clamping: remaining.saturatedNanoseconds / 1_000_000)
        return message
    }
}

extension ControlPlane {
    /// The records by peer id, so that a node that is made of them does the same in each run; our own, which nobody else can tell us, first.
    package func snapshot(now: Instant) -> MeshSnapshot { MeshSnapshot(membership, now: now) }
}
