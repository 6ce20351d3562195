import Mesh
import Synchronization

/// Opens each record once for all nodes of a simulation: verifying a signature takes longer than all that a node does with the record.
/// Nodes that were sent the same bytes share one record.
final class RecordArchive: Sendable {
    private let opened = Mutex<[Key: SealedRecord]>([:])

    func open(_ envelope: [UInt8]) throws(RecordError) -> SealedRecord {
        let key = Key(envelope: envelope)
        if let known = opened.withLock({ $0[key] }) { return known }
        let record = try SealedRecord.open(envelope)
        opened.withLock { $0[key] = record }
        return record
    }

    /// An envelope, hashed by its last bytes alone: they are of the signature.
    private struct Key: Hashable {
        static let hashedLength = 16

        let envelope: [UInt8]

        func hash(into hasher: inout Hasher) {
            envelope.withUnsafeBytes { hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: $0.suffix(Self.hashedLength))) }
        }
    }
}
