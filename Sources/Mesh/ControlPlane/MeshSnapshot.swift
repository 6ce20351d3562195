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
    /// - Parameter elapsed: since it was saved; negative, as after a change of the clock, counts as zero.
    package init(decoding bytes: [UInt8], elapsed: Duration) {
        let elapsed = max(elapsed, .zero)
        let message = (try? WireSyncMessage(serializedBytes: bytes)) ?? WireSyncMessage()
        records = message.records.compactMap { message in
            guard let aged = try? AgedRecord(message) else { return nil }
            return AgedRecord(aged.sealed, age: min(elapsed, RecordLimits.leaseRange.upperBound) + aged.age)
        }
    }

    package var encoded: [UInt8] {
        var message = WireSyncMessage()
        message.records = records.map(\.message)
        return (try? message.serializedBytes()) ?? []  // a message without required fields always encodes
    }
}

extension ControlPlane {
    package func snapshot(now: Instant) -> MeshSnapshot {
        MeshSnapshot(records: membership.all.map { AgedRecord($0.sealed, age: now - $0.issuedAt) })
    }
}
