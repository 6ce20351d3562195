import IPAddresses
import WireGuard

/// What the operating system should look like as far as it is ours: one WireGuard interface with all that belongs to it.
package struct DesiredNetwork: Hashable, Sendable {
    package var interface: String
    package var privateKey: WireGuardPrivateKey
    package var publicKey: WireGuardPublicKey
    /// 0 lets the device choose.
    package var listenPort: UInt16
    package var mtu: Int
    /// Our own overlay addresses, each as a host prefix: the ranges are reached by `routes`.
    package var addresses: [IPPrefix]
    /// One for each overlay range, to the interface.
    package var routes: [IPPrefix]
    package var peers: [WireGuardPublicKey: DesiredPeer]

    package init(
        interface: String, privateKey: WireGuardPrivateKey, publicKey: WireGuardPublicKey, listenPort: UInt16, mtu: Int,
        addresses: [IPPrefix], routes: [IPPrefix], peers: [WireGuardPublicKey: DesiredPeer]
    ) {
        self.interface = interface
        self.privateKey = privateKey
        self.publicKey = publicKey
        self.listenPort = listenPort
        self.mtu = mtu
        self.addresses = addresses
        self.routes = routes
        self.peers = peers
    }
}

/// A member as a peer of our WireGuard device.
package struct DesiredPeer: Hashable, Sendable {
    package var presharedKey: WireGuardPresharedKey
    /// Where to start; `nil` leaves it to the peer to reach us.
    package var endpoint: SocketAddress?
    /// The addresses that the member has: no two peers share one.
    package var allowedIPs: Set<IPPrefix>
    package var keepaliveSeconds: UInt16
    /// Where it says that it is not any more.
    package var retiredEndpoints: [SocketAddress]

    package init(
        presharedKey: WireGuardPresharedKey, endpoint: SocketAddress?, allowedIPs: Set<IPPrefix>, keepaliveSeconds: UInt16,
        retiredEndpoints: [SocketAddress] = []
    ) {
        self.presharedKey = presharedKey
        self.endpoint = endpoint
        self.allowedIPs = allowedIPs
        self.keepaliveSeconds = keepaliveSeconds
        self.retiredEndpoints = retiredEndpoints
    }
}
