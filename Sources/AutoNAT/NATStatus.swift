import IPAddresses

/// Whether peers outside of this node's own network can connect to it.
package enum NATStatus: String, Hashable, Sendable {
    /// Nobody has tried who could tell.
    case unknown
    case reachable = "public"
    case unreachable = "private"
}

/// A connected peer that can be asked to dial back.
package struct Witness: Hashable, Sendable {
    /// Where it is, as the connection has it.
    package var remote: IPAddress
    /// Where it sees us; `nil` if it did not tell.
    package var observed: IPAddress?

    package init(remote: IPAddress, observed: IPAddress?) {
        self.remote = remote
        self.observed = observed
    }
}

/// Where a node is, as it knows by itself.
package struct OwnPlace: Hashable, Sendable {
    /// Where it listens, on every address.
    package var port: UInt16
    /// What it tells others, forwarded ports of routers among them.
    package var addresses: [SocketAddress]
    /// Networks that it is attached to: who is in them is no outsider.
    package var networks: [IPPrefix]

    package init(port: UInt16, addresses: [SocketAddress], networks: [IPPrefix]) {
        self.port = port
        self.addresses = addresses
        self.networks = networks
    }

    /// What a witness is asked to dial: nobody dials another IP address than the one that he sees. Behind a NAT that is the router's,
    /// and whether it forwards our port we may not know ourselves.
    func targets(for witness: Witness) -> [SocketAddress] {
        guard let observed = witness.observed else { return addresses }
        let guess = SocketAddress(observed, port: port)
        return addresses.filter { $0.address == observed && $0 != guess } + [guess]
    }
}

/// How much a witness' word is worth. The better one is the smaller.
enum Standpoint: Int, Comparable {
    case outside
    /// On one network with us, by addresses that the world knows. It says nothing of routers, and much of firewalls.
    case neighbour

    static func < (left: Standpoint, right: Standpoint) -> Bool { left.rawValue < right.rawValue }
}

extension AutoNATConfiguration {
    /// `nil`: what the witness sees says nothing of what others see, because it is this machine, a neighbour in a private network, or
    /// connected by the overlay.
    func standpoint(of witness: Witness, at place: OwnPlace) -> Standpoint? {
        if allowsLoopback, witness.remote.isLoopback { return .outside }
        guard let seen = witness.observed ?? place.addresses.first?.address, isDialable(seen), isDialable(witness.remote),
            !place.addresses.contains(where: { $0.address == witness.remote })
        else { return nil }
        guard place.networks.contains(where: { $0.contains(witness.remote) }) else { return .outside }
        return seen.isPublic ? .neighbour : nil
    }
}
