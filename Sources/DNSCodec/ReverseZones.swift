import IPAddresses

/// The names of addresses: `in-addr.arpa` (RFC 1035 section 3.5) and `ip6.arpa` (RFC 3596 section 2.5), inside some ranges.
///
/// A label of such a name stands for 8 bits, or 4; a range that ends between labels is several zones, one for each label that it
/// covers, so that no zone reaches outside the range.
struct ReverseZones: Sendable {
    /// The most zones that one range is registered as: 128 are those of an IPv4 range that needs most of them.
    static let maximumDomainsPerRange = 128

    /// Where a name belongs.
    struct Place: Hashable {
        /// The zone that it is in.
        let zone: DNSName
        /// Whether it is the zone's own name.
        let isTop: Bool
        let exists: Bool
        /// Whose address it is.
        let owner: DNSName?
    }

    private let ranges: [IPPrefix]
    /// In order, so that it shows whether anybody is in a range.
    private let addresses: [IPAddress]
    private let owners: [IPAddress: DNSName]

    init(ranges: [IPPrefix], owners: [IPAddress: DNSName]) {
        let ranges = ranges.map(\.network)
        self.ranges = ranges.sorted { $0.length < $1.length }
        self.owners = owners.filter { owner in ranges.contains { $0.contains(owner.key) } }
        addresses = self.owners.keys.sorted()
    }

    /// `nil` for a name outside the ranges, or of no address.
    func place(of name: DNSName) -> Place? {
        guard let reverse = ReverseName(name),
            let range = ranges.first(where: { $0.zoneLength <= reverse.prefix.length && $0.contains(reverse.prefix) }),
            let top = IPPrefix(reverse.prefix.address, length: range.zoneLength)
        else { return nil }
        let isTop = reverse.isWhole && reverse.prefix.length == top.length
        let exists = reverse.isWhole && (isTop || holdsAnybody(reverse.prefix))
        let owner = exists && reverse.prefix.hostBits == 0 ? owners[reverse.prefix.address] : nil
        return Place(zone: ReverseName.name(of: top), isTop: isTop, exists: exists, owner: owner)
    }

    private func holdsAnybody(_ prefix: IPPrefix) -> Bool {
        var (low, high) = (0, addresses.count)
        while low < high {
            let middle = low + (high - low) / 2
            if addresses[middle] < prefix.address { low = middle + 1 } else { high = middle }
        }
        return low < addresses.count && prefix.contains(addresses[low])
    }

    /// The tops of all zones.
    var domains: [DNSName] {
        ranges.flatMap { range in
            let hostBits = UInt128(range.family.bitCount - range.zoneLength)
            let count = 1 << (range.zoneLength - range.length)
            return (0..<min(count, Self.maximumDomainsPerRange)).compactMap { number in
                let value = hostBits == 128 ? 0 : range.address.value + UInt128(number) << hostBits
                return IPPrefix(IPAddress(family: range.family, value: value), length: range.zoneLength).map(ReverseName.name)
            }
        }
    }
}

extension IPPrefix {
    /// The length of the zones that it is divided into: up to the end of a label.
    fileprivate var zoneLength: Int {
        let unit = family.bitsPerLabel
        return (length + unit - 1) / unit * unit
    }
}

extension IPAddress.Family {
    fileprivate var bitsPerLabel: Int { self == .ipv4 ? 8 : 4 }
    fileprivate var reverseDomain: DNSName { self == .ipv4 ? .inAddrArpa : .ip6Arpa }
}

extension DNSName {
    fileprivate static let inAddrArpa = DNSName(checked: ["in-addr", "arpa"])
    fileprivate static let ip6Arpa = DNSName(checked: ["ip6", "arpa"])
}

/// A name below one of the two domains, read as the start of an address.
private struct ReverseName {
    /// Whatever of the name is a start of an address, from its end on.
    let prefix: IPPrefix
    /// Whether that is all of the name.
    let isWhole: Bool

    init?(_ name: DNSName) {
        for family in [IPAddress.Family.ipv4, .ipv6] {
            guard let labels = name.labels(below: family.reverseDomain) else { continue }
            let numbers = Self.numbers(labels, family)
            let length = numbers.count * family.bitsPerLabel
            let start = numbers.reduce(UInt128(0)) { $0 << UInt128(family.bitsPerLabel) | UInt128($1) }
            let value = length == 0 ? 0 : start << UInt128(family.bitCount - length)
            guard let prefix = IPPrefix(IPAddress(family: family, value: value), length: length) else { return nil }
            self.prefix = prefix
            isWhole = numbers.count == labels.count
            return
        }
        return nil
    }

    /// The leading numbers of an address: those before the first label that is none.
    private static func numbers(_ labels: ArraySlice<[UInt8]>, _ family: IPAddress.Family) -> [UInt8] {
        var numbers: [UInt8] = []
        for label in labels.reversed().prefix(family.bitCount / family.bitsPerLabel) {
            guard let number = family == .ipv4 ? decimal(label) : hexadecimal(label) else { break }
            numbers.append(number)
        }
        return numbers
    }

    /// As it is written in names: without leading zeros.
    private static func decimal(_ label: [UInt8]) -> UInt8? {
        let text = String(decoding: label, as: UTF8.self)
        guard let number = UInt8(text), String(number) == text else { return nil }
        return number
    }

    private static func hexadecimal(_ label: [UInt8]) -> UInt8? {
        let text = String(decoding: label, as: UTF8.self)
        guard let number = UInt8(text, radix: 16), String(number, radix: 16) == text else { return nil }
        return number
    }

    static func name(of prefix: IPPrefix) -> DNSName {
        let family = prefix.family
        let labels = (0..<prefix.length / family.bitsPerLabel).map { index in
            let shift = UInt128(family.bitCount - (index + 1) * family.bitsPerLabel)
            let number = UInt8(truncatingIfNeeded: prefix.address.value >> shift) & (family == .ipv4 ? 0xff : 0xf)
            return Array(String(number, radix: family == .ipv4 ? 10 : 16).utf8)
        }
        return DNSName(labels: labels.reversed() + family.reverseDomain.labels) ?? family.reverseDomain
    }
}
