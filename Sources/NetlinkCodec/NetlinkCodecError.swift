/// Why bytes are no netlink message, or not the one that was expected.
package enum NetlinkCodecError: Error, Hashable, Sendable {
    /// A header or a fixed part ends too early.
    case truncated
    /// A message or attribute says it is shorter than its own header, or longer than what holds it.
    case badLength
    /// An attribute that the message cannot do without is missing.
    case missingAttribute(UInt16)
    /// An attribute's value has the wrong size, or is out of range.
    case badAttribute(UInt16)
    /// More of something than `NetlinkLimits` allows.
    case limitExceeded
}
