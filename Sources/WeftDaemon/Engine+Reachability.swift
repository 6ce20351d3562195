import AutoNAT
import Mesh
import Multiformats

/// Whether others can dial this node, as they find out who are outside of its network.
extension Engine {
    /// - Parameter overlay: what is there can be reached only over connections that stand already, so it proves nothing.
    static func reachabilityCheck(beside overlay: OverlayRanges) -> AutoNATConfiguration {
        var configuration = AutoNATConfiguration()
        configuration.excluded = overlay.prefixes
        return configuration
    }

    /// Has peers try the addresses that this node has now. What they find out holds for those, so it is asked anew when they change.
    func checkReachability(_ addresses: [Multiaddr]) {
        let place = OwnPlace(
            port: parts.settings.clusterPort, addresses: addresses.compactMap(\.tcpSocketAddress), networks: surroundings.attachedNetworks)
        host?.assumeIsolated { $0.checkReachability(at: place) }
    }

    func note(_ status: NATStatus) {
        natStatus = status
        switch status {
        case .reachable: parts.log.info("reachable from outside")
        case .unreachable: parts.log.info("not reachable from outside")
        case .unknown: parts.log.debug("not known whether reachable from outside")
        }
    }
}
