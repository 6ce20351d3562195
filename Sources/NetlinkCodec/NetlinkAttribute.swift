import CLinux
import IPAddresses
import Secrets

/// One attribute (`struct nlattr`): type, length, value. It may carry a key, so it does not print itself.
package struct NetlinkAttribute: Hashable, Sendable, RedactedSecret {
    /// Size of `struct nlattr`.
    package static let headerLength = 4

    /// Without the flags `NLA_F_NESTED` and `NLA_F_NET_BYTEORDER`.
    package let type: UInt16
    package let payload: ArraySlice<UInt8>

    /// Splits a run of attributes. Refuses lengths below 4 and beyond the end, and stray bytes at the end.
    package static func parse(_ bytes: ArraySlice<UInt8>) throws(NetlinkCodecError) -> [NetlinkAttribute] {
        var attributes: [NetlinkAttribute] = []
        var rest = bytes
        while !rest.isEmpty {
            var reader = ByteReader(rest)
            let length = Int(try reader.number(UInt16.self))
            let type = try reader.number(UInt16.self) & weft_nla_type_mask
            guard length >= headerLength, length <= rest.count else { throw .badLength }
            attributes.append(NetlinkAttribute(type: type, payload: try reader.take(length - headerLength)))
            rest = rest.dropFirst(length.netlinkAligned)
        }
        return attributes
    }

    /// The attributes inside this one.
    package func nested() throws(NetlinkCodecError) -> [NetlinkAttribute] {
        try Self.parse(payload)
    }

    /// The value as a number in the machine's byte order. The size must be the number's.
    package func number<Number: FixedWidthInteger>(_: Number.Type) throws(NetlinkCodecError) -> Number {
        guard payload.count == MemoryLayout<Number>.size else { throw .badAttribute(type) }
        return Number(native: payload)
    }

    /// The value up to the first NUL, as text.
    package var text: String {
        String(decoding: payload.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// The value as an address of the given family: 4 or 16 bytes.
    package func address(_ family: IPAddress.Family) throws(NetlinkCodecError) -> IPAddress {
        guard payload.count == family.byteCount, let address = IPAddress(bytes: payload) else { throw .badAttribute(type) }
        return address
    }
}

extension [NetlinkAttribute] {
    /// The first attribute of the type. The type is one of the kernel's constants, whatever integer Swift imports it as.
    package func first(_ type: some BinaryInteger) -> NetlinkAttribute? {
        first { $0.type == type }
    }

    func required(_ type: some BinaryInteger) throws(NetlinkCodecError) -> NetlinkAttribute {
        guard let attribute = first(type) else { throw .missingAttribute(UInt16(truncatingIfNeeded: type)) }
        return attribute
    }
}

extension IPAddress.Family {
    /// `AF_INET` or `AF_INET6`; `nil` for other families.
    package init?(kernel number: some BinaryInteger) {
        switch Int(truncatingIfNeeded: number) {
        case Int(weft_af_inet): self = .ipv4
        case Int(weft_af_inet6): self = .ipv6
        default: return nil
        }
    }

    /// `AF_INET` or `AF_INET6`.
    package var kernelNumber: UInt8 { self == .ipv4 ? weft_af_inet : weft_af_inet6 }
}
