import CLinux
import Secrets

/// A message to the kernel, without the sequence number and port id that a socket adds. It may carry keys, so it does not print itself.
package struct NetlinkRequest: Hashable, Sendable, RedactedSecret {
    package let type: UInt16
    /// `NLM_F_REQUEST` and what else the call needs.
    package let flags: UInt16
    package let payload: [UInt8]

    init(type: some BinaryInteger, flags: Int32, payload: NetlinkPayload) {
        self.type = UInt16(truncatingIfNeeded: type)
        self.flags = UInt16(truncatingIfNeeded: NLM_F_REQUEST | flags)
        self.payload = payload.bytes
    }

    /// Whether the kernel answers with a dump, which `NLMSG_DONE` ends.
    package var isDump: Bool { flags & UInt16(NLM_F_DUMP) == UInt16(NLM_F_DUMP) }

    /// Header and payload, ready to send.
    package func encoded(sequence: UInt32, portID: UInt32) -> [UInt8] {
        var message = NetlinkPayload()
        message.append(UInt32(clamping: NetlinkMessage.headerLength + payload.count))
        message.append(type)
        message.append(flags)
        message.append(sequence)
        message.append(portID)
        return message.bytes + payload
    }
}

/// Builds what follows a message header: fixed fields, then attributes, each aligned to 4 bytes.
struct NetlinkPayload: Sendable {
    private(set) var bytes: [UInt8] = []

    var count: Int { bytes.count }
    var isEmpty: Bool { bytes.isEmpty }

    mutating func append(_ number: some FixedWidthInteger) {
        bytes += number.nativeBytes
    }

    mutating func append(_ other: NetlinkPayload) {
        bytes += other.bytes
    }

    /// An attribute of raw bytes. Callers hold the value below 64 KiB.
    mutating func attribute(_ type: some BinaryInteger, _ value: some Collection<UInt8>) {
        append(UInt16(clamping: NetlinkAttribute.headerLength + value.count))
        append(UInt16(truncatingIfNeeded: type))
        bytes += value
        bytes += repeatElement(0, count: bytes.count.netlinkAligned - bytes.count)
    }

    mutating func attribute(_ type: some BinaryInteger, number: some FixedWidthInteger) {
        attribute(type, number.nativeBytes)
    }

    /// Text, ended by a NUL.
    mutating func attribute(_ type: some BinaryInteger, text: String) {
        attribute(type, Array(text.utf8) + [0])
    }

    mutating func nested(_ type: some BinaryInteger, _ body: (inout NetlinkPayload) -> Void) {
        var inner = NetlinkPayload()
        body(&inner)
        nested(type, inner)
    }

    mutating func nested(_ type: some BinaryInteger, _ inner: NetlinkPayload) {
        attribute(UInt16(truncatingIfNeeded: type) | UInt16(truncatingIfNeeded: NLA_F_NESTED), inner.bytes)
    }
}
