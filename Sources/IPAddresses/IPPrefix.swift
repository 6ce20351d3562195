/// A network in CIDR notation (RFC 4632, RFC 4291 section 2.3): an address and how many of its leading bits count.
package struct IPPrefix: Hashable, Sendable {
    /// The address as it was given. Host bits may be set, as in an interface's `10.1.2.3/8`; see `network`.
    package let address: IPAddress
    /// 0–32 or 0–128.
    package let length: Int

    /// `nil` when `length` does not fit the address family.
    package init?(_ address: IPAddress, length: Int) {
        guard (0...address.family.bitCount).contains(length) else { return nil }
        self.address = address
        self.length = length
    }

    /// The prefix that holds this one address: `/32` or `/128`.
    package init(host address: IPAddress) {
        self.address = address
        self.length = address.family.bitCount
    }

    package var family: IPAddress.Family { address.family }

    /// Number of bits that a host may choose.
    package var hostBits: Int { family.bitCount - length }

    /// Ones where a host may choose.
    package var hostMask: UInt128 {
        hostBits == 128 ? .max : (UInt128(1) << UInt128(hostBits)) - 1
    }

    /// The same prefix with all host bits zero.
    package var network: IPPrefix {
        IPPrefix(unchecked: IPAddress(family: family, value: address.value & ~hostMask), length: length)
    }

    package func contains(_ other: IPAddress) -> Bool {
        other.family == family && other.value & ~hostMask == address.value & ~hostMask
    }

    package func contains(_ other: IPPrefix) -> Bool {
        other.length >= length && contains(other.address)
    }

    /// Whether the two have an address in common.
    package func overlaps(_ other: IPPrefix) -> Bool {
        contains(other) || other.contains(self)
    }

    private init(unchecked address: IPAddress, length: Int) {
        self.address = address
        self.length = length
    }
}

extension IPPrefix: Comparable {
    package static func < (left: IPPrefix, right: IPPrefix) -> Bool {
        left.address == right.address ? left.length < right.length : left.address < right.address
    }
}

extension IPPrefix: LosslessStringConvertible {
    package var description: String { "\(address)/\(length)" }

    /// Parses `address/length`. The length is required: a bare address is no network.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(String(parts[0])),
            let length = parseDecimal(parts[1], maximum: address.family.bitCount)
        else { return nil }
        self.init(address, length: length)
    }
}
