import IPAddresses
import Multiformats
import WireGuard

/// What a node knows of itself and its surroundings, apart from the membership.
package struct LocalFacts: Sendable {
    /// Name of the WireGuard interface.
    package var interface: String
    package var privateKey: WireGuardPrivateKey
    /// 0 lets the device choose.
    package var listenPort: UInt16
    package var mtu: Int
    /// Of every peer; 0 is off.
    package var keepaliveSeconds: UInt16
    /// Networks that an interface of this machine is directly attached to, ours excepted.
    package var attachedNetworks: [IPPrefix]
    /// Whether there is a route to the IPv4 internet.
    package var hasIPv4Route: Bool
    /// Whether there is a route to the IPv6 internet, and a global address to use it with.
    package var hasGlobalIPv6Route: Bool
    /// The remote address of the libp2p connection to each connected peer.
    package var connectedFrom: [PeerID: IPAddress]

    package init(
        interface: String, privateKey: WireGuardPrivateKey, listenPort: UInt16, mtu: Int, keepaliveSeconds: UInt16 = 0,
        attachedNetworks: [IPPrefix] = [], hasIPv4Route: Bool = true, hasGlobalIPv6Route: Bool = false,
        connectedFrom: [PeerID: IPAddress] = [:]
    ) {
        self.interface = interface
        self.privateKey = privateKey
        self.listenPort = listenPort
        self.mtu = mtu
        self.keepaliveSeconds = keepaliveSeconds
        self.attachedNetworks = attachedNetworks
        self.hasIPv4Route = hasIPv4Route
        self.hasGlobalIPv6Route = hasGlobalIPv6Route
        self.connectedFrom = connectedFrom
    }
}
