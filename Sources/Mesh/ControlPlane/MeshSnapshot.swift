import Multiformats
import SwiftProtobuf
import Timeline

/// What is worth keeping across restarts: all records, our own among them. No secrets.
package struct MeshSnapshot: Sendable {
    package let records: [AgedRecord]

    init(records: [AgedRecord]) {
        self.records = records
    }

    /// Reads what `encoded` wrote. A damaged record is skipped: the mesh will tell it anew.
    ///
    /// - Parameter elapsed: since it was saved, by the wall clock, which may have been set meanwhile: it never ages a record so far that
    ///   its owner's next one, which is due after a third of the lease, could come too late. Negative counts as zero.
    package init(decoding bytes: [UInt8], elapsed: Duration, opener: RecordOpener = SealedRecord.open) {
        let elapsed = min(max(elapsed, .zero), RecordLimits.leaseRange.upperBound)
        let message = (try? WireSyncMessage(serializedBytes: bytes)) ?? WireSyncMessage()
        records = message.records.compactMap { message in
            guard let aged = try? AgedRecord(message, opener: opener) else { return nil }
            let longest = aged.sealed.record.lease * 2 / 3
            return AgedRecord(aged.sealed, age: max(aged.age, min(aged.age + elapsed, longest)))
        }
    }

    package var encoded: [UInt8] {
        var message = WireSyncMessage()
        message.records = records.map(\.message)
        return (try? message.serializedBytes()) ?? []  // a message without required fields always encodes
    }
}

extension ControlPlane {
    /// The records by peer id: a node that is made of them does the same in each run.
    package func snapshot(now: Instant) -> MeshSnapshot {
        let members = membership.all.sorted { $0.record.peer < $1.record.peer }
        return MeshSnapshot(records: members.map { AgedRecord($0.sealed, age: now - $0.issuedAt) })
    }
}
