import IPAddresses
import Multiformats

/// Which of a member's endpoint candidates its WireGuard datagrams go to first. The device itself follows a peer that roams.
package struct EndpointSelection: Sendable {
    private let overlay: OverlayRanges
    private let attachedNetworks: [IPPrefix]
    private let hasIPv4Route: Bool
    private let hasGlobalIPv6Route: Bool

    package init(overlay: OverlayRanges, facts: LocalFacts) {
        self.overlay = overlay
        attachedNetworks = facts.attachedNetworks.filter { network in !overlay.prefixes.contains { $0.overlaps(network) } }
        hasIPv4Route = facts.hasIPv4Route
        hasGlobalIPv6Route = facts.hasGlobalIPv6Route
    }

    /// The best candidate; of equals, the one that the record names first. Never one inside the overlay: no tunnel in the tunnel.
    ///
    /// - Parameter connectedFrom: where a libp2p connection to the member really ends. An address that works beats any guess.
    package func endpoint(for record: NodeRecord, connectedFrom: IPAddress?) -> SocketAddress? {
        let candidates = record.endpoints.filter(isPossible)
        if let connectedFrom, let proven = proven(by: connectedFrom.unmapped, candidates, port: record.wireguardPort) { return proven }
        let ranked = candidates.map { (endpoint: $0, rank: rank(of: $0.address)) }
        guard let best = ranked.compactMap(\.rank).max() else { return nil }
        return ranked.first { $0.rank == best }?.endpoint
    }

    private func proven(by address: IPAddress, _ candidates: [SocketAddress], port: UInt16) -> SocketAddress? {
        if let candidate = candidates.first(where: { $0.address == address }) { return candidate }
        let endpoint = SocketAddress(address, port: port)
        return isPossible(endpoint) ? endpoint : nil
    }

    private func isPossible(_ endpoint: SocketAddress) -> Bool {
        endpoint.isPlausibleEndpoint && !overlay.contains(endpoint.address)
    }

    /// How likely datagrams to an address arrive, and by how short a way.
    private enum Rank: Comparable {
        case routable
        case publicIPv4
        case globalIPv6
        /// In a network that we are attached to, of this prefix length.
        case attached(prefixLength: Int)
    }

    private func rank(of address: IPAddress) -> Rank? {
        if let length = attachedNetworks.filter({ $0.contains(address) }).map(\.length).max() { return .attached(prefixLength: length) }
        switch address.family {
        case .ipv4: return hasIPv4Route ? (address.isPublicIPv4 ? .publicIPv4 : .routable) : nil
        case .ipv6: return hasGlobalIPv6Route ? (address.isGlobalIPv6 ? .globalIPv6 : .routable) : nil
        }
    }
}

extension IPAddress {
    /// 2000::/3, all that has been given out for global unicast (RFC 4291 section 2.4).
    fileprivate var isGlobalIPv6: Bool { family == .ipv6 && value >> 125 == 1 }

    /// None of the private (RFC 1918), shared (RFC 6598) and link-local ranges.
    fileprivate var isPublicIPv4: Bool {
        family == .ipv4 && !isLinkLocal && value >> 24 != 10 && value >> 20 != 0xac1 && value >> 16 != 0xc0a8 && value >> 22 != 0x6440 >> 6
    }
}
