import IPAddresses

/// Why prefixes cannot be the overlay ranges of a mesh.
package enum OverlayRangesError: Error, Hashable, Sendable {
    case noRange
    case severalRanges(IPAddress.Family)
    /// Fewer than two host bits: no address is left for a node.
    case tooNarrow(IPPrefix)
    /// Would take more than `OverlayRanges.minimumLength` allows away from everything else.
    case tooWide(IPPrefix)
    /// Loopback, link-local or multicast: never routed to an interface of ours.
    case notUnicast(IPPrefix)
}

extension OverlayRangesError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noRange: "an overlay needs at least one address range"
        case .severalRanges(let family): "an overlay has at most one \(family == .ipv4 ? "IPv4" : "IPv6") range"
        case .tooNarrow(let prefix): "the range \(prefix) has no room for nodes; use a shorter prefix length"
        case .tooWide(let prefix): "the range \(prefix) is too wide; use a prefix length of \(OverlayRanges.minimumLength) or more"
        case .notUnicast(let prefix): "the range \(prefix) is reserved for loopback, link-local or multicast traffic"
        }
    }
}

/// A local route that an overlay range overlaps.
package struct OverlayConflict: Hashable, Sendable {
    package let range: IPPrefix
    package let route: IPPrefix
}

/// The address ranges of a mesh, equal on all of its nodes: at most one for each family, at least one in all.
package struct OverlayRanges: Hashable, Sendable {
    /// Shortest prefix length, for both families.
    package static let minimumLength = 8
    /// A range with fewer host bits has no usable address, or one.
    static let minimumHostBits = 2

    package let ipv4: IPPrefix?
    package let ipv6: IPPrefix?

    /// Host bits in `prefixes` are dropped: 10.1.2.3/8 means 10.0.0.0/8.
    package init(_ prefixes: [IPPrefix]) throws(OverlayRangesError) {
        guard !prefixes.isEmpty else { throw .noRange }
        for prefix in prefixes { try Self.check(prefix) }
        ipv4 = try Self.only(.ipv4, of: prefixes)
        ipv6 = try Self.only(.ipv6, of: prefixes)
    }

    /// For ranges that were derived, and so need no check.
    init(derivedIPv4 ipv4: IPPrefix?, ipv6: IPPrefix?) {
        self.ipv4 = ipv4
        self.ipv6 = ipv6
    }

    private static func check(_ prefix: IPPrefix) throws(OverlayRangesError) {
        guard prefix.length >= minimumLength else { throw .tooWide(prefix) }
        guard prefix.hostBits >= minimumHostBits else { throw .tooNarrow(prefix) }
        let address = prefix.address
        guard !address.isLoopback, !address.isLinkLocal, !address.isMulticast else { throw .notUnicast(prefix) }
    }

    private static func only(_ family: IPAddress.Family, of prefixes: [IPPrefix]) throws(OverlayRangesError) -> IPPrefix? {
        let matching = prefixes.filter { $0.family == family }
        guard matching.count <= 1 else { throw .severalRanges(family) }
        return matching.first?.network
    }

    /// IPv4 first.
    package var prefixes: [IPPrefix] { [ipv4, ipv6].compactMap(\.self) }

    package subscript(family: IPAddress.Family) -> IPPrefix? {
        family == .ipv4 ? ipv4 : ipv6
    }

    package func contains(_ address: IPAddress) -> Bool {
        self[address.family]?.contains(address) ?? false
    }

    /// Whether a node may have the address: inside a range, and not its network or broadcast address.
    package func isUsable(_ address: IPAddress) -> Bool {
        guard let range = self[address.family] else { return false }
        return range.contains(address) && range.isHost(address)
    }

    /// Which of this machine's routes an overlay range overlaps. A default route overlaps everything and does not count.
    package func conflicts(with routes: [IPPrefix]) -> [OverlayConflict] {
        prefixes.flatMap { range in
            routes.filter { $0.length > 0 && $0.overlaps(range) }.map { OverlayConflict(range: range, route: $0) }
        }
    }
}

extension OverlayRanges: CustomStringConvertible {
    package var description: String { prefixes.map(\.description).joined(separator: ", ") }
}

extension IPPrefix {
    /// Whether an address of this prefix can be a host's: neither all host bits zero (the network, or the subnet router of
    /// RFC 4291 section 2.6.1) nor, for IPv4, all ones (broadcast).
    func isHost(_ address: IPAddress) -> Bool {
        let host = address.value & hostMask
        return host != 0 && (family == .ipv6 || host != hostMask)
    }
}
