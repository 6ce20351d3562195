import DNSCodec
import IPAddresses
import LinuxNetwork
import Logging
import LoopRuntime
import Mesh
import Multiformats
import NetlinkCodec
import PeerHost
import Timeline

/// What this machine is, and what its network should be.
extension Engine {
    func kernelChanged(_ event: NetworkEvent) {
        parts.log.debug("kernel network changed", metadata: ["event": "\(event)"])
        lookingAround.ask()
    }

    /// Reads what the machine's network is now, and sees to it that ours is as it should be.
    func lookAround() {
        parts.log.debug("network looked at")
        let now = parts.kernel.assumeIsolated { [parts] in
            try? $0.surroundings(interface: parts.settings.interface, overlay: parts.token.overlay)
        }
        if let now, now != surroundings {
            let gone = Set(surroundings.reachableAddresses).subtracting(now.reachableAddresses)
            if !gone.isEmpty {
                host?.assumeIsolated { $0.endConnections(from: gone) }
                parts.network.assumeIsolated { $0.loseSource() }
            }
            surroundings = now
            tellReachability()
            lookForNeighbours()
            mapPorts()
            isNetworkStale = true
        }
        parts.network.assumeIsolated { $0.check() }
    }

    /// Where others may reach us: WireGuard and peering.
    func reachability() -> (endpoints: [SocketAddress], peering: [Multiaddr]) {
        let own = parts.settings.bindAddress.map { [$0] } ?? surroundings.reachableAddresses
        let addresses = (parts.settings.advertiseAddresses + own).uniqued()
        return (
            addresses.map { SocketAddress($0, port: parts.settings.wireguardPort) } + forwarded(.udp, parts.settings.wireguardPort),
            (addresses.map { SocketAddress($0, port: parts.settings.clusterPort) } + forwarded(.tcp, parts.settings.clusterPort))
                .map { Multiaddr(tcp: $0) }
        )
    }

    /// What the network should be by all that is known now.
    func desiredNetwork() -> DesiredNetwork? {
        desired(
            membership,
            facts: LocalFacts(
                interface: parts.settings.interface, privateKey: parts.wireguardKey,
                listenPort: parts.settings.wireguardPort, mtu: surroundings.overlayMTU,
                keepaliveSeconds: parts.settings.persistentKeepaliveSeconds,
                attachedNetworks: surroundings.attachedNetworks, hasIPv4Route: surroundings.hasIPv4Route,
                hasGlobalIPv6Route: surroundings.hasGlobalIPv6Route, connectedFrom: connectedFrom),
            &presharedKeys)
    }

    func updateNetwork() {
        isNetworkStale = false
        guard let desired = desiredNetwork() else { return }
        parts.network.assumeIsolated { $0.want(desired) }
        parts.names?.assumeIsolated { [names = names()] in $0.want(names) }
    }

    private func names() -> NamesPublisher.Names {
        let claims = membership.claims
        let shown = claims.shownNames()
        let entries = membership.live.map { member in
            Zone.Entry(
                name: (shown[member.record.peer] ?? member.record.name).text, addresses: claims.addresses(of: member.record.peer).sorted())
        }
        return NamesPublisher.Names(
            entries: entries.filter { !$0.addresses.isEmpty }.sorted { $0.name < $1.name },
            own: claims.addresses(of: parts.identity.peerID).sorted())
    }
}
