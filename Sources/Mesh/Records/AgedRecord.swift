import Multiformats
import SwiftProtobuf
import Timeline

/// A record on its way from node to node, with how long ago its owner issued it. So no node's clock has to be right.
package struct AgedRecord: Hashable, Sendable {
    package let sealed: SealedRecord
    /// Not negative, and at most the longest lease: beyond that the record has ended anyway.
    package let age: Duration

    package init(_ sealed: SealedRecord, age: Duration) {
        self.sealed = sealed
        self.age = min(max(age, .zero), RecordLimits.leaseRange.upperBound)
    }

    /// - Parameter membership: what is held; a record of it is not opened again.
    init(
        _ message: WireAgedRecordMessage, holding membership: Membership, else opener: RecordOpener
    ) throws(RecordError) {
        self.init(try SealedRecord.open([UInt8](message.envelope), holding: membership, else: opener), ageMillis: message.ageMillis)
    }

    init(_ message: WireAgedRecordMessage, opener: RecordOpener = SealedRecord.open) throws(RecordError) {
        self.init(try opener([UInt8](message.envelope)), ageMillis: message.ageMillis)
    }

    private init(_ sealed: SealedRecord, ageMillis: UInt64) {
        let longest = UInt64(RecordLimits.leaseRange.upperBound.components.seconds) * 1000
        self.init(sealed, age: .milliseconds(Int64(min(ageMillis, longest))))
    }

    var message: WireAgedRecordMessage {
        var message = WireAgedRecordMessage()
        message.envelope = .init(sealed.envelope)
        message.ageMillis = UInt64(clamping: age.saturatedNanoseconds / 1_000_000)
        return message
    }
}
