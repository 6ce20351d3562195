import IPAddresses

/// What a port belongs to, by its number at IANA ("Assigned Internet Protocol Numbers"), as PCP has it.
package enum TransportProtocol: UInt8, Hashable, Sendable, CaseIterable {
    case tcp = 6
    case udp = 17

    /// As UPnP has it: `TCP` or `UDP`.
    package var name: String { self == .tcp ? "TCP" : "UDP" }
}

/// A port of this node, to which others shall find the way.
package struct LocalPort: Hashable, Sendable {
    package let transport: TransportProtocol
    package let number: UInt16

    /// `nil` for number 0: no port, and in NAT-PMP and PCP the word for all of them.
    package init?(_ transport: TransportProtocol, _ number: UInt16) {
        guard number > 0 else { return nil }
        self.transport = transport
        self.number = number
    }
}

/// A router that this node reaches the world by: a default gateway, and the address that we have on its network.
package struct Router: Hashable, Sendable {
    package let address: IPAddress
    /// An address of this node, of the same family.
    package let ownAddress: IPAddress
    /// Tells the network of a link-local `address` (RFC 4007), which alone is not unique; 0 where none is needed.
    package let interfaceIndex: UInt32

    /// `nil` unless both are addresses of single machines, and of one family.
    package init?(_ address: IPAddress, ownAddress: IPAddress, interfaceIndex: UInt32 = 0) {
        guard address.family == ownAddress.family, address != ownAddress else { return nil }
        for address in [address, ownAddress] where address.isUnspecified || address.isMulticast || address.isLoopback { return nil }
        self.address = address
        self.ownAddress = ownAddress
        self.interfaceIndex = interfaceIndex
    }
}

/// How a router is asked, the best first.
package enum MappingWay: String, Hashable, Sendable, CaseIterable {
    /// Port Control Protocol, RFC 6887.
    case pcp = "PCP"
    /// NAT Port Mapping Protocol, RFC 6886.
    case natPMP = "NAT-PMP"
    /// Internet Gateway Device of the UPnP Forum, versions 1 and 2.
    case upnp = "UPnP"
}

/// What a router forwards to us.
package struct MappedPort: Hashable, Sendable {
    package let local: LocalPort
    /// Where it takes what it forwards.
    package let external: SocketAddress
    package let router: Router
    package let way: MappingWay
    /// For how long it was given, in seconds; it is renewed in time. `nil`: until it is removed.
    package let lifetimeSeconds: UInt32?

    package init(local: LocalPort, external: SocketAddress, router: Router, way: MappingWay, lifetimeSeconds: UInt32?) {
        self.local = local
        self.external = external
        self.router = router
        self.way = way
        self.lifetimeSeconds = lifetimeSeconds
    }

    /// Whether the world can use it. A router that itself is behind another one (a private address, or one of a provider's own NAT)
    /// forwards only what comes from its own neighbours.
    package var isPublic: Bool { external.address.isPublic }
}
