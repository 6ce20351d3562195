import IPAddresses
import Multiformats
import WireGuard

/// An overlay address, and since when a node claims it.
package struct AddressClaim: Hashable, Sendable {
    package var address: IPAddress
    /// Milliseconds since 1970 by the claimant's own clock. Only settles who of several claimants goes first.
    package var claimedAtMillis: UInt64

    package init(address: IPAddress, claimedAtMillis: UInt64) {
        self.address = address
        self.claimedAtMillis = claimedAtMillis
    }
}

/// What a node says of itself. Nobody else can: see `SealedRecord`.
package struct NodeRecord: Hashable, Sendable {
    package var peer: PeerID
    /// Of two records of one peer, the one with the higher number holds.
    package var sequence: UInt64
    package var name: NodeName
    /// As `AddressClaim.claimedAtMillis`.
    package var nameClaimedAtMillis: UInt64
    package var wireguardKey: WireGuardPublicKey
    /// At most one of each family. Whether they lie in the overlay is for `Membership` to say.
    package var addresses: [AddressClaim]
    /// 0 if it is not known.
    package var wireguardPort: UInt16
    /// Where WireGuard datagrams may reach the node.
    package var endpoints: [SocketAddress]
    /// Where libp2p connections may reach the node; without the peer id.
    package var peeringAddresses: [Multiaddr]
    /// How long the record holds from when it was issued; whole seconds.
    package var lease: Duration
    /// The node is gone and said so: not a member any more.
    package var hasLeft: Bool
    /// Name and version of what the node runs, for people.
    package var software: String

    package init(
        peer: PeerID, sequence: UInt64, name: NodeName, nameClaimedAtMillis: UInt64, wireguardKey: WireGuardPublicKey,
        addresses: [AddressClaim] = [], wireguardPort: UInt16 = 0, endpoints: [SocketAddress] = [], peeringAddresses: [Multiaddr] = [],
        lease: Duration, hasLeft: Bool = false, software: String = ""
    ) {
        self.peer = peer
        self.sequence = sequence
        self.name = name
        self.nameClaimedAtMillis = nameClaimedAtMillis
        self.wireguardKey = wireguardKey
        self.addresses = addresses
        self.wireguardPort = wireguardPort
        self.endpoints = endpoints
        self.peeringAddresses = peeringAddresses
        self.lease = lease
        self.hasLeft = hasLeft
        self.software = software
    }
}

extension NodeRecord {
    /// Whether the two differ in nothing but their sequence number, as a renewed record does.
    func isRenewal(of previous: NodeRecord) -> Bool {
        var renewed = previous
        renewed.sequence = sequence
        return renewed == self
    }
}

extension SocketAddress {
    /// Whether another node could send to it at all.
    var isPlausibleEndpoint: Bool {
        let address = address.unmapped
        let isScoped = address.family == .ipv6 && address.isLinkLocal  // means nothing without the interface
        return port != 0 && !address.isUnspecified && !address.isMulticast && !address.isLoopback && !isScoped
    }
}
