import IPAddresses
import LocalDiscovery
import NetlinkCodec
import PortMapping

/// What this machine's own addresses and routes mean for the mesh. Pure: the kernel's answers in, facts out.
struct LocalSurroundings: Hashable, Sendable {
    /// What WireGuard puts around a packet, at most: an IPv6 header, a UDP header, its own header and tag.
    static let tunnelOverhead = 80
    /// The least that IPv6 demands of a link (RFC 8200 section 5).
    static let minimumMTU = 1280
    /// A link without limit, the loopback for one, says little of the way to others.
    static let maximumUnderlayMTU = 9000
    static let defaultUnderlayMTU = 1500

    private let addresses: [InterfaceAddress]
    private let routes: [Route]
    private let neighbouringLinks: [LocalLink]
    /// The smallest MTU of the links that lead to others.
    private let underlayMTU: Int

    /// - Parameters:
    ///   - ownInterface: the mesh's interface; what is there says nothing of the machine's surroundings.
    ///   - overlay: never an endpoint, wherever it stands: no tunnel in the tunnel.
    init(links: [Link], addresses: [InterfaceAddress], routes: [Route], ownInterface: InterfaceIndex?, overlay: [IPPrefix]) {
        let foreign = addresses.filter { address in
            address.interface != ownInterface && !overlay.contains { $0.contains(address.prefix.address) }
        }
        self.addresses = foreign
        self.routes = routes.filter { $0.interface != ownInterface }
        neighbouringLinks = links.filter { $0.isUp && $0.kind != Link.wireGuardKind }.compactMap { link in
            let prefixes = foreign.filter { $0.interface == link.index && $0.leadsToOthers && $0.isStable }.map(\.prefix)
            let shared = prefixes.filter { $0.hostBits > 0 }
            return shared.isEmpty ? nil : LocalLink(index: link.index.rawValue, prefixes: shared.sorted())
        }.sorted { $0.index < $1.index }
        let leadingOut = Set(foreign.filter(\.leadsToOthers).map(\.interface))
        underlayMTU = links.filter { leadingOut.contains($0.index) }.map { Int($0.mtu) }.min() ?? Self.defaultUnderlayMTU
    }

    /// Addresses that others may reach us at; those that will soon be gone come last.
    var reachableAddresses: [IPAddress] {
        let usable = addresses.filter(\.leadsToOthers)
        return (usable.filter(\.isStable) + usable.filter { !$0.isStable }).map(\.prefix.address).uniqued()
    }

    /// Networks that a cable leads to without a router.
    var attachedNetworks: [IPPrefix] {
        addresses.filter(\.leadsToOthers).map(\.prefix).filter { $0.hostBits > 0 }.map(\.network).uniqued()
    }

    /// Where packets to the world go first, the best first, each with our own address towards it.
    ///
    /// - Parameter address: the only one that is listened on; `nil` is all.
    func routers(boundTo bound: IPAddress?) -> [Router] {
        let defaults = routes.filter { $0.isDefault && $0.gateway?.family == $0.prefix.family }.sorted { $0.metric < $1.metric }
        return defaults.compactMap { route in
            let own = addresses.filter { address in
                address.interface == route.interface && address.prefix.family == route.prefix.family && address.leadsToOthers
                    && address.isStable && (bound == nil || address.prefix.address == bound)
            }
            guard let gateway = route.gateway, let index = route.interface else { return nil }
            let nearest = own.first { $0.prefix.contains(gateway) } ?? own.first
            return nearest.flatMap { Router(gateway, ownAddress: $0.prefix.address, interfaceIndex: UInt32(bitPattern: index.rawValue)) }
        }.uniqued()
    }

    /// Interfaces whose neighbours can reach us, smallest index first.
    ///
    /// - Parameter address: the only one that is listened on; `nil` is all.
    func neighbouringLinks(boundTo address: IPAddress?) -> [LocalLink] {
        guard let address else { return neighbouringLinks }
        return neighbouringLinks.compactMap { link in
            let prefixes = link.prefixes.filter { $0.address == address }
            return prefixes.isEmpty ? nil : LocalLink(index: link.index, prefixes: prefixes)
        }
    }

    var hasIPv4Route: Bool { routes.contains { $0.prefix.family == .ipv4 } }

    /// A route to the public IPv6 internet: the default one, or one inside 2000::/3.
    var hasGlobalIPv6Route: Bool {
        routes.contains { $0.prefix.family == .ipv6 && ($0.isDefault || $0.prefix.address.value >> 125 == 1) }
    }

    /// What an overlay must not overlap.
    var routedNetworks: [IPPrefix] {
        let routed = routes.filter { !$0.isDefault }.map(\.prefix) + attachedNetworks
        return routed.filter { !$0.address.isLinkLocal && !$0.address.isMulticast }.uniqued()
    }

    /// The MTU of the overlay: what fits the underlay with WireGuard's headers around it.
    var overlayMTU: Int {
        max(Self.minimumMTU, min(underlayMTU, Self.maximumUnderlayMTU) - Self.tunnelOverhead)
    }
}

extension InterfaceAddress {
    fileprivate var leadsToOthers: Bool {
        let address = prefix.address
        return !address.isLoopback && !address.isLinkLocal && !address.isMulticast && !address.isUnspecified
    }

    /// Will still be there in an hour.
    fileprivate var isStable: Bool { !isDeprecated && !isTentative && !isTemporary }
}

extension Array where Element: Hashable {
    /// The elements in order, each once.
    func uniqued() -> [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
