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

    init(_ message: WireAgedRecordMessage) throws(RecordError) {
        let longest = UInt64(RecordLimits.leaseRange.upperBound.components.seconds) * 1000
        let millis = Int64(min(message.ageMillis, longest))
        self.init(try SealedRecord.open([UInt8](message.envelope)), age: .milliseconds(millis))
    }

    var message: WireAgedRecordMessage {
        var message = WireAgedRecordMessage()
        message.envelope = .init(sealed.envelope)
        message.ageMillis = UInt64(clamping: age.saturatedNanoseconds / 1_000_000)
        return message
    }
}
