import IPAddresses
import Multiformats
import WireGuard

/// What the network should be, given who is a member and what is known locally. `nil` while this node has no record of its own.
///
/// - Parameter presharedKeys: a memory that saves time and changes nothing.
package func desired(_ membership: Membership, facts: LocalFacts, _ presharedKeys: inout PresharedKeys) -> DesiredNetwork? {
    guard let own = membership.own?.record else { return nil }
    let claims = membership.claims
    return DesiredNetwork(
        interface: facts.interface, privateKey: facts.privateKey, publicKey: own.wireguardKey, listenPort: facts.listenPort, mtu: facts.mtu,
        addresses: claims.addresses(of: own.peer).map(IPPrefix.init(host:)), routes: membership.overlay.prefixes,
        peers: desiredPeers(in: membership, claims, facts: facts, &presharedKeys))
}

private func desiredPeers(
    in membership: Membership, _ claims: Claims, facts: LocalFacts, _ presharedKeys: inout PresharedKeys
) -> [WireGuardPublicKey: DesiredPeer] {
    let selection = EndpointSelection(overlay: membership.overlay, facts: facts)
    let members = membership.membersByKey
    presharedKeys.tidy(keeping: { members[$0] != nil }, count: members.count)
    return members.mapValues { member in
        let record = member.record
        return DesiredPeer(
            presharedKey: presharedKeys.key(with: record.wireguardKey),
            endpoint: selection.endpoint(for: record, connectedFrom: facts.connectedFrom[record.peer]),
            allowedIPs: Set(claims.addresses(of: member).map(IPPrefix.init(host:))),
            keepaliveSeconds: facts.keepaliveSeconds, retiredEndpoints: member.retiredEndpoints)
    }
}

extension Membership {
    /// The live members but this node, by WireGuard key. Of several with one key, as copied machines have it, the one with the
    /// oldest claim to its name counts, then the one of the lowest peer id; and nobody has our own key but us.
    fileprivate var membersByKey: [WireGuardPublicKey: Member] {
        let ownKey = own?.record.wireguardKey
        let others = all.lazy.filter { $0.isLive && $0.record.wireguardKey != ownKey }.map { ($0.record.wireguardKey, $0) }
        return Dictionary(others) { $0.record.nameClaim < $1.record.nameClaim ? $0 : $1 }
    }
}
