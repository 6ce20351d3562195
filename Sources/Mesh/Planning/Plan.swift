import IPAddresses
import WireGuard

/// A handshake younger than this many seconds proves that the endpoint works: WireGuard makes a new one every two minutes
/// while there is traffic, and gives a session up after three (REJECT_AFTER_TIME in the WireGuard paper, section 6.1).
package let freshHandshakeSeconds: Int64 = 180

/// What has to change. Touches only what differs, and nothing that the kernel keeps by itself.
///
/// - Parameter nowUnixSeconds: by the wall clock, as the device gives the times of handshakes.
package func plan(desired: DesiredNetwork, observed: ObservedNetwork, nowUnixSeconds: Int64) -> NetworkPlan {
    guard let link = observed.link else {
        let empty = ObservedNetwork(link: ObservedNetwork.Link(mtu: 0, isUp: false))
        let rest = plan(desired: desired, observed: empty, nowUnixSeconds: nowUnixSeconds)
        return NetworkPlan([.createInterface(desired.interface)] + rest.changes)
    }
    let device = deviceChanges(desired, observed.device ?? DeviceState(), nowUnixSeconds: nowUnixSeconds)
    var changes: [NetworkChange] = device.isEmpty ? [] : [.device(device)]
    if link.mtu != desired.mtu { changes.append(.setMTU(desired.mtu)) }
    changes += addressChanges(desired, observed)
    if !link.isUp { changes.append(.setUp) }  // before the routes: they need an interface that is up
    changes += routeChanges(desired, observed)
    return NetworkPlan(changes)
}

/// IPv6 link-local addresses are the kernel's.
private func addressChanges(_ desired: DesiredNetwork, _ observed: ObservedNetwork) -> [NetworkChange] {
    let foreign = observed.addresses.subtracting(desired.addresses).filter { !($0.family == .ipv6 && $0.address.isLinkLocal) }
    let missing = desired.addresses.filter { !observed.addresses.contains($0) }
    return foreign.sorted().map(NetworkChange.removeAddress) + missing.map(NetworkChange.addAddress)
}

private func routeChanges(_ desired: DesiredNetwork, _ observed: ObservedNetwork) -> [NetworkChange] {
    let present = Set(observed.routes.map(\.destination))
    let ours = Set(observed.routes.filter { !$0.isKernelMade }.map(\.destination))
    let foreign = ours.subtracting(desired.routes)
    let missing = desired.routes.filter { !present.contains($0) }
    return foreign.sorted().map(NetworkChange.removeRoute) + missing.map(NetworkChange.addRoute)
}

/// Peers go before others come, so that nobody's allowed IPs are in the way.
private func deviceChanges(_ desired: DesiredNetwork, _ observed: DeviceState, nowUnixSeconds: Int64) -> [DeviceChange] {
    let foreign = observed.peers.keys.filter { desired.peers[$0] == nil }
    var changes = foreign.sorted().map(DeviceChange.removePeer)
    if observed.publicKey != desired.publicKey { changes.append(.setPrivateKey(desired.privateKey)) }
    if desired.listenPort != 0, observed.listenPort != desired.listenPort { changes.append(.setListenPort(desired.listenPort)) }
    for (key, peer) in desired.peers.sorted(by: { $0.key < $1.key }) {
        guard let change = peerChange(key, peer, observed.peers[key], nowUnixSeconds: nowUnixSeconds) else { continue }
        changes.append(.setPeer(change))
    }
    return changes
}

/// `nil` if the peer is as it should be.
private func peerChange(_ key: WireGuardPublicKey, _ desired: DesiredPeer, _ observed: PeerState?, nowUnixSeconds: Int64) -> PeerChange? {
    var change = PeerChange(publicKey: key)
    let untouched = change
    let state = observed ?? PeerState()
    if state.presharedKey != desired.presharedKey { change.presharedKey = desired.presharedKey }
    if state.allowedIPs != desired.allowedIPs { change.allowedIPs = desired.allowedIPs }
    if state.keepaliveSeconds != desired.keepaliveSeconds { change.keepaliveSeconds = desired.keepaliveSeconds }
    let mayMove =
        mayMoveEndpoint(of: state, nowUnixSeconds: nowUnixSeconds) || state.endpoint.map(desired.retiredEndpoints.contains) ?? true
    if mayMove, state.endpoint != desired.endpoint { change.endpoint = desired.endpoint }
    return observed != nil && change == untouched ? nil : change
}

/// Never takes a peer away from an endpoint at which it answers: the device may have learnt it by roaming, and knows better. Only the
/// peer itself can say that it has left one.
private func mayMoveEndpoint(of peer: PeerState, nowUnixSeconds: Int64) -> Bool {
    guard peer.endpoint != nil, let last = peer.lastHandshake else { return true }
    let (age, overflow) = nowUnixSeconds.subtractingReportingOverflow(last)
    return overflow || !(-freshHandshakeSeconds..<freshHandshakeSeconds).contains(age)
}
