import Timeline
import WireGuard

/// The new peers that are still to be sent an empty packet, so that there is a session before anybody needs one.
///
/// A handshake that reaches a peer before it knows this node is ignored, two that cross are lost both, and WireGuard tries again after five
/// seconds only (REKEY_TIMEOUT in the WireGuard paper, section 6.1). And who goes on in a session from before this node was restarted
/// notices that after fifteen, if this node does not say anything.
///
/// So of two that learn of each other the one with the lower key greets at once. The other looks a little later whether there is a session:
/// if not, it makes its peer anew, which may be greeted at once again.
package struct Greetings: Sendable {
    static let patience: Duration = .seconds(1)
    /// Answers come all at once. The kernel takes 512 handshakes for an attack, and asks for cookies.
    static let maximumAtOnce = 100
    static let rest: Duration = .milliseconds(100)

    private var deadlines: [WireGuardPublicKey: Instant] = [:]
    private var restsUntil: Instant = .origin

    package init() {}

    /// Notes the peers with whom the device cannot have a session: it does not have them yet, or it is down.
    ///
    /// Not those whose endpoint is unknown, nor those with a persistent keepalive, whom WireGuard greets by itself.
    package mutating func note(_ desired: DesiredNetwork, observed: ObservedNetwork, now: Instant) {
        for (key, peer) in desired.peers where peer.isGreeted {
            if observed.device?.peers[key] == nil {
                deadlines[key] = desired.publicKey < key ? now : now + Self.patience
            } else if !observed.isUp {
                deadlines[key] = now
            }
        }
    }

    package var nextDeadline: Instant? { deadlines.values.min().map { max($0, restsUntil) } }

    /// Greets those whose time has come: a keepalive that is turned on sends a packet at once.
    ///
    /// - Parameter observed: as it was before the network became the desired one.
    package mutating func take(_ desired: DesiredNetwork, observed: ObservedNetwork, now: Instant) -> [DeviceChange] {
        guard let nextDeadline, nextDeadline <= now else { return [] }
        let due = deadlines.filter { $0.value <= now }.keys.sorted().prefix(Self.maximumAtOnce)
        for key in due { deadlines[key] = nil }
        restsUntil = now + Self.rest
        return due.flatMap { key -> [DeviceChange] in
            guard let peer = desired.peers[key], peer.isGreeted else { return [] }
            let greeting = [1, 0].map { DeviceChange.setPeer(PeerChange(publicKey: key, keepaliveSeconds: $0)) }
            guard observed.isUp, let known = observed.device?.peers[key] else { return greeting }
            guard known.lastHandshake == nil else { return [] }
            return [.removePeer(key), .setPeer(PeerChange(key, peer))] + greeting
        }
    }
}

extension DesiredPeer {
    fileprivate var isGreeted: Bool { endpoint != nil && keepaliveSeconds == 0 }
}

extension ObservedNetwork {
    fileprivate var isUp: Bool { link?.isUp == true }
}

extension PeerChange {
    fileprivate init(_ key: WireGuardPublicKey, _ peer: DesiredPeer) {
        self.init(
            publicKey: key, presharedKey: peer.presharedKey, endpoint: peer.endpoint, allowedIPs: peer.allowedIPs,
            keepaliveSeconds: peer.keepaliveSeconds)
    }
}
