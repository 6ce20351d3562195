import IPAddresses
import LinuxNetwork
import Logging
import Mesh
import Multiformats
import NetlinkCodec

/// What this machine is, and what its network should be.
extension Engine {
    func kernelChanged(_ event: NetworkEvent) {
        parts.log.debug("kernel network changed", metadata: ["event": "\(event)"])
        let now = parts.kernel.assumeIsolated { try? $0.surroundings(interface: parts.settings.interface, overlay: parts.token.overlay) }
        if let now, now != surroundings {
            surroundings = now
            let facts = reachability()
            decide(.localFactsChanged(endpoints: facts.endpoints, peeringAddresses: facts.peering))
            isNetworkStale = true
        }
        parts.network.assumeIsolated { $0.check() }
    }

    /// Where others may reach us: WireGuard and peering.
    func reachability() -> (endpoints: [SocketAddress], peering: [Multiaddr]) {
        let own = parts.settings.bindAddress.map { [$0] } ?? surroundings.reachableAddresses
        let addresses = (parts.settings.advertiseAddresses + own).uniqued()
        return (
            addresses.map { SocketAddress($0, port: parts.settings.wireguardPort) },
            addresses.map { Multiaddr(tcp: SocketAddress($0, port: parts.settings.clusterPort)) }
        )
    }

    /// What the network should be by all that is known now.
    func desiredNetwork() -> DesiredNetwork? {
        desired(
            membership,
            facts: LocalFacts(
                interface: parts.settings.interface, privateKey: parts.wireguardKey, secret: parts.token.secret,
                listenPort: parts.settings.wireguardPort,
                mtu: surroundings.overlayMTU, keepaliveSeconds: parts.settings.persistentKeepaliveSeconds,
                attachedNetworks: surroundings.attachedNetworks, hasIPv4Route: surroundings.hasIPv4Route,
                hasGlobalIPv6Route: surroundings.hasGlobalIPv6Route, connectedFrom: connectedFrom))
    }

    /// Works out what the network should be, once for all events of a batch: the cost is that of all members.
    func updateNetwork() {
        isNetworkStale = false
        guard let desired = desiredNetwork() else { return }
        parts.network.assumeIsolated { $0.want(desired) }
    }
}
