import GossipSub
import IPAddresses
import Logging
import Mesh
import Multiformats
import NodeMetrics
import PeerHost

/// Turns what the cores report into log lines: a fixed message, and fields from the dictionary in docs/LOGGING.md.
extension ControlPlane.MembershipChange {
    var message: Logger.Message {
        switch self {
        case .joined: "member joined"
        case .changed: "member changed"
        case .left: "member left"
        case .expired: "member expired"
        case .forgotten: "member forgotten"
        case .unreachable: "member unreachable"
        case .reachable: "member reachable again"
        }
    }

    var metadata: Logger.Metadata { ["peer": "\(peer)"] }
}

extension ControlPlane.Notice {
    var message: Logger.Message {
        switch self {
        case .addressLost: "another node claimed our overlay address before us"
        case .presetAddressRefused: "the preset address is in no overlay range"
        case .rangeFull: "the overlay range has no free address; use a larger one, on all nodes, with --overlay-net"
        case .nameLost: "another node had our name before us; we are shown under another one until it is gone"
        case .nameRegained: "our name is ours again"
        case .ownRecordSuperseded: "the mesh knew a later record of ours, from before our state was lost"
        case .cloneDetected: "two machines run with one identity; start one of them with --init"
        case .recordRefused: "a record was refused"
        case .syncRefused: "a sync message was refused"
        case .ownRecordNotIssued: "our own record could not be made"
        }
    }

    var metadata: Logger.Metadata {
        switch self {
        case .addressLost(let address, let peer, let replacement):
            ["address": "\(address)", "peer": "\(peer)", "replacement": "\(replacement.map(\.description) ?? "none")"]
        case .presetAddressRefused(let address): ["address": "\(address)"]
        case .rangeFull(let range): ["range": "\(range)"]
        case .nameLost(let name, let peer, let shown): ["name": "\(name)", "peer": "\(peer)", "shown": "\(shown)"]
        case .nameRegained(let name): ["name": "\(name)"]
        case .ownRecordSuperseded(let sequence): ["sequence": "\(sequence)"]
        case .cloneDetected(let peer): ["peer": "\(peer)"]
        case .recordRefused(let peer, let refusal): ["peer": "\(peer)", "reason": "\(refusal)"]
        case .syncRefused(let peer, let refusal): ["peer": "\(peer)", "reason": "\(refusal)"]
        case .ownRecordNotIssued(let error): ["reason": "\(error)"]
        }
    }

    /// What is counted of it.
    var event: NodeEvent? {
        switch self {
        case .addressLost: .clash(of: .address)
        case .nameLost: .clash(of: .name)
        case .cloneDetected: .clash(of: .identity)
        case .recordRefused: .recordRefused
        case .presetAddressRefused, .rangeFull, .nameRegained, .ownRecordSuperseded, .syncRefused, .ownRecordNotIssued: nil
        }
    }

    /// What a peer can cause at will is not told at a level that fills a disk.
    var level: Logger.Level {
        switch self {
        case .recordRefused, .syncRefused: .debug
        case .nameRegained, .ownRecordSuperseded: .notice
        case .addressLost, .presetAddressRefused, .rangeFull, .nameLost, .cloneDetected, .ownRecordNotIssued: .warning
        }
    }
}

extension ForgetObstacle {
    /// Why a member is not forgotten, and what the user can do.
    func advice(_ name: String) -> String {
        switch self {
        case .unknown: "there is no member called \(name): `weft status` shows who is there"
        case .itself: "\(name) is this node: `weft leave` takes it out of the mesh"
        case .connected: "\(name) can still be reached: run `weft leave` there"
        case .notUnreachable:
            "nobody has missed \(name) yet, so it is being looked for: try again in half a minute, or run `weft leave` there"
        case .lostJustNow(let wait): "\(name) was lost only just now and may come back: try again in \(wait.wholeSeconds + 1) s"
        }
    }
}

extension PeeringPlanner.Target {
    /// For people.
    var label: String {
        switch self {
        case .peer(let peer): peer.description
        case .host(let address): address.hostAndPort ?? address.description
        }
    }
}

extension Multiaddr {
    /// `host:port`, as the user gave it, of an address or a name with a TCP port.
    fileprivate var hostAndPort: String? {
        if let address = tcpSocketAddress { return address.description }
        guard components.count == 2, case .dns(let host) = components[0], case .tcp(let port) = components[1] else { return nil }
        return "\(host):\(port)"
    }
}

extension DialError {
    /// Why joining fails, and what the user can do.
    var advice: String {
        switch self {
        case .failed(.otherNetwork):
            "it is in another mesh: its secret differs from this node's; check the token or --cluster-key"
        case .failed(.closedDuringUpgrade):
            "it hung up at once, as a node of another mesh does: check the token or --cluster-key"
        case .failed(.unexpectedPeer):
            "another node answers there than the token names; it may have been set up anew: use a fresh token"
        case .unsupportedAddress, .unknownHost, .unreachable, .failed, .isOwnAddress, .tooManyDials, .shutDown:
            description
        }
    }
}

extension Verdict {
    init(_ verdict: ControlPlane.GossipVerdict) {
        switch verdict {
        case .accept: self = .accept
        case .ignore: self = .ignore
        case .reject: self = .reject
        }
    }
}

extension JoinHost {
    /// As libp2p writes it: an address, or a name to look up.
    var multiaddr: Multiaddr {
        if let address = IPAddress(host) { return Multiaddr(tcp: SocketAddress(address, port: port)) }
        return Multiaddr(components: [.dns(host), .tcp(port)])
    }
}
