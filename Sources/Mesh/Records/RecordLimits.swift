/// Bounds of a node record; whatever is beyond them is refused (see docs/PROTOCOL.md).
package enum RecordLimits {
    /// Of a record in its envelope.
    package static let maximumEnvelopeLength = 1024
    /// Of a record in its envelope together with its age.
    package static let maximumAgedLength = maximumEnvelopeLength + 32
    /// Of a gossip message.
    package static let maximumAnnouncementLength = maximumAgedLength + 16
    /// Overlay addresses, one of each family.
    package static let maximumAddresses = 2
    package static let maximumEndpoints = 8
    package static let maximumPeeringAddresses = 8
    package static let leaseRange: ClosedRange<Duration> = .seconds(60) ... .seconds(90 * 86_400)
    /// Leaves room above every sequence number, so that counting up never overflows.
    package static let maximumSequence: UInt64 = 1 << 62
    /// The highest number of a record of its own that a node believes in without having seen the record. Ours are milliseconds since 1970.
    package static let maximumUnprovenSequence = maximumSequence / 2
    /// In bytes of UTF-8.
    package static let maximumSoftwareLength = 32
}

/// Why bytes are no node record, or a record cannot be sealed.
package enum RecordError: Error, Hashable, Sendable {
    /// More bytes than `RecordLimits` allows.
    case tooLong(byteCount: Int)
    /// No message of the expected form.
    case malformed
    case badEnvelope
    case badSignature
    /// A record of one peer in an envelope of another.
    case wrongSigner
    /// Zero, or above `RecordLimits.maximumSequence`.
    case sequenceOutOfRange
    case invalidName
    case invalidWireGuardKey
    case invalidAddress
    case tooManyAddresses
    case tooManyEndpoints
    case tooManyPeeringAddresses
    case invalidPort
    case leaseOutOfRange
    case softwareTooLong
    /// Our own identity key refused to sign.
    case signingFailed
}
