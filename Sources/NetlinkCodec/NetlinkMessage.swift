import Secrets

/// One message of a netlink datagram (`struct nlmsghdr`, RFC 3549 section 2.3.2). It may carry keys, so it does not print itself.
package struct NetlinkMessage: Hashable, Sendable, RedactedSecret {
    /// Size of `struct nlmsghdr`.
    package static let headerLength = 16

    package let type: UInt16
    package let flags: UInt16
    package let sequence: UInt32
    package let portID: UInt32
    /// What follows the header, up to the message's length.
    package let payload: ArraySlice<UInt8>

    package init(type: UInt16, flags: UInt16 = 0, sequence: UInt32 = 0, portID: UInt32 = 0, payload: ArraySlice<UInt8>) {
        self.type = type
        self.flags = flags
        self.sequence = sequence
        self.portID = portID
        self.payload = payload
    }

    /// Splits a datagram into its messages.
    package static func parse(_ datagram: ArraySlice<UInt8>) throws(NetlinkCodecError) -> [NetlinkMessage] {
        var messages: [NetlinkMessage] = []
        var rest = datagram
        while !rest.isEmpty {
            var reader = ByteReader(rest)
            let length = Int(clamping: try reader.number(UInt32.self))
            let (type, flags) = (try reader.number(UInt16.self), try reader.number(UInt16.self))
            let (sequence, portID) = (try reader.number(UInt32.self), try reader.number(UInt32.self))
            guard length >= headerLength, length <= rest.count else { throw .badLength }
            let payload = try reader.take(length - headerLength)
            messages.append(NetlinkMessage(type: type, flags: flags, sequence: sequence, portID: portID, payload: payload))
            rest = rest.dropFirst(length.netlinkAligned)
        }
        return messages
    }

    package static func parse(_ datagram: [UInt8]) throws(NetlinkCodecError) -> [NetlinkMessage] {
        try parse(datagram[...])
    }

    /// The attributes behind a fixed part of `headerLength` bytes.
    func attributes(after headerLength: Int) throws(NetlinkCodecError) -> [NetlinkAttribute] {
        var reader = ByteReader(payload)
        _ = try reader.take(headerLength)
        return try NetlinkAttribute.parse(reader.rest)
    }
}
