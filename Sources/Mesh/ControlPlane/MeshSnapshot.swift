import Multiformats
import SwiftProtobuf
import Timeline

/// What is worth keeping across restarts: all records, our own among them. No secrets.
package struct MeshSnapshot: Sendable {
    package let records: [AgedRecord]

    init(records: [AgedRecord]) {
        self.records = records
    }

    /// Reads what `encoded` wrote. A damaged record is skipped: the mesh will tell it anew. Of a file that was cut, what is whole counts.
    ///
    /// - Parameter elapsed: since it was saved, by the wall clock, which may have been set meanwhile: it never ages a record so far that
    ///   its owner's next one, which is due after a third of the lease, could come too late. Negative counts as zero.
    package init(decoding bytes: [UInt8], elapsed: Duration, opener: RecordOpener = SealedRecord.open) {
        let elapsed = min(max(elapsed, .zero), RecordLimits.leaseRange.upperBound)
        records = Self.records(in: bytes).compactMap { content in
            guard let message = try? WireAgedRecordMessage(serializedBytes: Array(content)),
                let aged = try? AgedRecord(message, opener: opener)
            else {
                return nil
            }
            let longest = aged.sealed.record.lease * 2 / 3
            return AgedRecord(aged.sealed, age: max(aged.age, min(aged.age + elapsed, longest)))
        }
    }

    /// The fields of a `WireSyncMessage` that are records, up to the first that is not whole.
    private static func records(in bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var rest = bytes[...]
        var records: [ArraySlice<UInt8>] = []
        while let tag = try? Varint.decode(&rest), tag == recordTag, let length = try? Varint.decode(&rest), length <= rest.count {
            records.append(rest.prefix(Int(length)))
            rest = rest.dropFirst(Int(length))
        }
        return records
    }

    /// Field 3 of `WireSyncMessage`, length-delimited.
    private static let recordTag: UInt64 = 3 << 3 | 2

    package var encoded: [UInt8] {
        var message = WireSyncMessage()
        message.records = records.map(\.message)
        return (try? message.serializedBytes()) ?? []  // a message without required fields always encodes
    }
}

extension ControlPlane {
    /// The records by peer id, so that a node that is made of them does the same in each run; our own, which nobody else can tell us, first.
    package func snapshot(now: Instant) -> MeshSnapshot {
        let others = membership.all.filter { $0.record.peer != identity.peerID }.sorted { $0.record.peer < $1.record.peer }
        let members = [membership.own].compactMap(\.self) + others
        return MeshSnapshot(records: members.map { AgedRecord($0.sealed, age: now - $0.issuedAt) })
    }
}
