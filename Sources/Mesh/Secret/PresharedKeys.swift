import WireGuard

/// The preshared keys of one node with its peers. To derive one takes longer than all else that is worked out about a peer, so it is
/// done once for each.
package struct PresharedKeys: Sendable {
    private let secret: MeshSecret
    private let ownKey: WireGuardPublicKey
    private(set) var kept: [WireGuardPublicKey: WireGuardPresharedKey] = [:]

    package init(secret: MeshSecret, ownKey: WireGuardPublicKey) {
        self.secret = secret
        self.ownKey = ownKey
    }

    mutating func key(with peer: WireGuardPublicKey) -> WireGuardPresharedKey {
        if let key = kept[peer] { return key }
        let key = secret.presharedKey(between: ownKey, and: peer)
        kept[peer] = key
        return key
    }

    /// Forgets all others when most of what is kept is of no use any more.
    mutating func tidy(keeping isPeer: (WireGuardPublicKey) -> Bool, count: Int) {
        guard kept.count > 2 * count + 64 else { return }
        kept = kept.filter { isPeer($0.key) }
    }
}
