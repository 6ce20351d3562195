/// An IPv4 or IPv6 address, in network byte order.
package struct IPAddress: Hashable, Sendable {
    package enum Family: UInt8, Hashable, Sendable {
        case ipv4
        case ipv6

        /// Length of an address in bits: 32 or 128.
        package var bitCount: Int { self == .ipv4 ? 32 : 128 }
        /// Length of an address in bytes: 4 or 16.
        package var byteCount: Int { bitCount / 8 }
    }

    package let family: Family
    /// The address as a number; an IPv4 address uses the low 32 bits.
    package let value: UInt128

    package init(family: Family, value: UInt128) {
        self.family = family
        self.value = family == .ipv4 ? value & 0xffff_ffff : value
    }

    /// From 4 or 16 bytes in network order; `nil` for any other count.
    package init?(bytes: some Collection<UInt8>) {
        switch bytes.count {
        case 4: family = .ipv4
        case 16: family = .ipv6
        default: return nil
        }
        value = bytes.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
    }

    /// 4 or 16 bytes in network order.
    package var bytes: [UInt8] {
        (0..<family.byteCount).reversed().map { UInt8(truncatingIfNeeded: value >> UInt128($0 * 8)) }
    }

    package var isLoopback: Bool {
        family == .ipv4 ? value >> 24 == 127 : value == 1
    }

    package var isUnspecified: Bool { value == 0 }

    /// 169.254.0.0/16 (RFC 3927) or fe80::/10 (RFC 4291 section 2.5.6).
    package var isLinkLocal: Bool {
        family == .ipv4 ? value >> 16 == 0xa9fe : value >> 118 == 0xfe80 >> 6
    }

    /// 224.0.0.0/4 or ff00::/8.
    package var isMulticast: Bool {
        family == .ipv4 ? value >> 28 == 0xe : value >> 120 == 0xff
    }

    /// The IPv4 address inside `::ffff:a.b.c.d` (RFC 4291 section 2.5.5.2), else the address itself.
    package var unmapped: IPAddress {
        guard family == .ipv6, value >> 32 == 0xffff else { return self }
        return IPAddress(family: .ipv4, value: value)
    }
}

extension IPAddress: Comparable {
    package static func < (left: IPAddress, right: IPAddress) -> Bool {
        left.family == right.family ? left.value < right.value : left.family.rawValue < right.family.rawValue
    }
}
