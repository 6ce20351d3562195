import IPAddresses

/// What a WireGuard device says of itself.
package struct DeviceState: Hashable, Sendable {
    /// `nil` while none is set.
    package var publicKey: WireGuardPublicKey?
    /// The UDP port of the device; 0 while it has none.
    package var listenPort: UInt16
    package var peers: [WireGuardPublicKey: PeerState]

    package init(publicKey: WireGuardPublicKey? = nil, listenPort: UInt16 = 0, peers: [WireGuardPublicKey: PeerState] = [:]) {
        self.publicKey = publicKey
        self.listenPort = listenPort
        self.peers = peers
    }
}

/// What a WireGuard device says of one of its peers.
package struct PeerState: Hashable, Sendable {
    package var presharedKey: WireGuardPresharedKey?
    /// Where the device sends to: as set, or as learnt by roaming.
    package var endpoint: SocketAddress?
    package var allowedIPs: Set<IPPrefix>
    /// 0 is off.
    package var keepaliveSeconds: UInt16
    /// Seconds since 1970 by the wall clock, `nil` before the first handshake.
    package var lastHandshake: Int64?
    package var receivedBytes: UInt64
    package var sentBytes: UInt64

    package init(
        presharedKey: WireGuardPresharedKey? = nil, endpoint: SocketAddress? = nil, allowedIPs: Set<IPPrefix> = [],
        keepaliveSeconds: UInt16 = 0, lastHandshake: Int64? = nil, receivedBytes: UInt64 = 0,
        sentBytes: UInt64 = 0
    ) {
        self.presharedKey = presharedKey
        self.endpoint = endpoint
        self.allowedIPs = allowedIPs
        self.keepaliveSeconds = keepaliveSeconds
        self.lastHandshake = lastHandshake
        self.receivedBytes = receivedBytes
        self.sentBytes = sentBytes
    }
}

/// One thing to change on a device; everything that is not named stays as it is.
package enum DeviceChange: Hashable, Sendable {
    case setPrivateKey(WireGuardPrivateKey)
    case setListenPort(UInt16)
    /// Creates the peer, or changes it.
    case setPeer(PeerChange)
    case removePeer(WireGuardPublicKey)
}

/// What to change of one peer: `nil` leaves a property as it is.
package struct PeerChange: Hashable, Sendable {
    package var publicKey: WireGuardPublicKey
    package var presharedKey: WireGuardPresharedKey?
    package var endpoint: SocketAddress?
    /// Replaces the whole set. A device moves an allowed IP from the peer that had it.
    package var allowedIPs: Set<IPPrefix>?
    /// 0 is off.
    package var keepaliveSeconds: UInt16?

    package init(
        publicKey: WireGuardPublicKey, presharedKey: WireGuardPresharedKey? = nil, endpoint: SocketAddress? = nil,
        allowedIPs: Set<IPPrefix>? = nil, keepaliveSeconds: UInt16? = nil
    ) {
        self.publicKey = publicKey
        self.presharedKey = presharedKey
        self.endpoint = endpoint
        self.allowedIPs = allowedIPs
        self.keepaliveSeconds = keepaliveSeconds
    }
}

/// A WireGuard network interface, whoever implements it.
///
/// Link, addresses, MTU and routes are the same for every implementation and not part of this: see `KernelNetwork`.
package protocol WireGuardDevice: Sendable {
    /// For people: `kernel`, `wireguard-go`, `boringtun-cli`.
    var implementation: String { get }

    /// The whole state, read at once; throws when the interface is gone.
    func observe() async throws -> DeviceState

    /// Carries out the changes in order. After an error some may have been carried out: observe again.
    func apply(_ changes: [DeviceChange]) async throws

    /// Removes the interface. Nothing happens if it is gone already.
    func remove() async
}
