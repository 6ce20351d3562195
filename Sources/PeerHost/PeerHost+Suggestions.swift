import GossipSub
import Multiformats
import PeerConnection

/// Peers that others suggest, where they have no room for us (gossipsub-v1.1.md, "PRUNE Backoff and Peer Exchange").
extension PeerHost {
    /// Dials some, as long as more peers are wished for. Who is not dialled is forgotten: there will be other suggestions.
    func follow(_ suggestions: [PeerRecord]) {
        for record in suggestions {
            let wanted = configuration.wishedPeers - peers.count - suggestionsFollowed.count
            guard wanted > 0, suggestionsFollowed.count < configuration.limits.maximumSuggestedDials else { return }
            // Names are left out: others shall not choose what we look up.
            let addresses = record.addresses.filter { $0.tcpSocketAddress != nil }
            guard !addresses.isEmpty, peers[record.peerID] == nil, suggestionsFollowed.insert(record.peerID).inserted else { continue }
            Task(executorPreference: executor) { await self.follow(record.peerID, at: addresses) }
        }
    }

    /// Whether it succeeds is told by the events of the connection.
    private func follow(_ peer: PeerID, at addresses: [Multiaddr]) async {
        _ = try? await dial(addresses, expecting: peer)
        suggestionsFollowed.remove(peer)
    }
}
