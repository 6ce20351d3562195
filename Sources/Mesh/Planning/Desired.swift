import IPAddresses
import Multiformats
import WireGuard

/// What the network should be, given who is a member and what is known locally. `nil` while this node has no record of its own.
package func desired(_ membership: Membership, facts: LocalFacts) -> DesiredNetwork? {
    guard let own = membership.own?.record else { return nil }
    return DesiredNetwork(
        interface: facts.interface, privateKey: facts.privateKey, publicKey: own.wireguardKey, listenPort: facts.listenPort, mtu: facts.mtu,
        addresses: membership.addresses(of: own.peer).map(IPPrefix.init(host:)), routes: membership.overlay.prefixes,
        peers: desiredPeers(of: own, in: membership, facts: facts))
}

private func desiredPeers(of own: NodeRecord, in membership: Membership, facts: LocalFacts) -> [WireGuardPublicKey: DesiredPeer] {
    let selection = EndpointSelection(overlay: membership.overlay, facts: facts)
    return membership.membersByKey.mapValues { record in
        DesiredPeer(
            presharedKey: facts.secret.presharedKey(between: own.wireguardKey, and: record.wireguardKey),
            endpoint: selection.endpoint(for: record, connectedFrom: facts.connectedFrom[record.peer]),
            allowedIPs: Set(membership.addresses(of: record.peer).map(IPPrefix.init(host:))),
            keepaliveSeconds: facts.keepaliveSeconds, retiredEndpoints: membership[record.peer]?.retiredEndpoints ?? [])
    }
}

extension Membership {
    /// The live members but this node, by WireGuard key. Of several with one key, as copied machines have it, the one with the
    /// oldest claim to its name counts, then the one of the lowest peer id; and nobody has our own key but us.
    fileprivate var membersByKey: [WireGuardPublicKey: NodeRecord] {
        var byKey: [WireGuardPublicKey: NodeRecord] = [:]
        for member in all where member.isLive && member.record.wireguardKey != own?.record.wireguardKey {
            let record = member.record
            if let other = byKey[record.wireguardKey], other.nameClaim < record.nameClaim { continue }
            byKey[record.wireguardKey] = record
        }
        return byKey
    }
}
