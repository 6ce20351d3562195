import LocalDiscovery
import Multiformats
import PeerHost

/// Members on the same link that nobody has told of.
extension Engine {
    /// Neighbours that are dialled at once: anybody on the link can name as many as he likes.
    static let maximumMeetings = 4

    func makeNeighbourFinder() -> NeighbourFinder? {
        guard parts.settings.findsNeighbours else { return nil }
        return NeighbourFinder(
            network: parts.token.secret.discoveryLabel, peer: parts.identity.peerID, port: parts.settings.clusterPort, on: executor,
            log: parts.log
        ) { [weak self] peer, addresses in self?.assumeIsolated { $0.post(.neighbour(peer, addresses)) } }
    }

    /// On the links by whose addresses peers can connect to this node.
    func lookForNeighbours() {
        neighbours?.use(surroundings.neighbouringLinks(boundTo: parts.settings.bindAddress))
    }

    /// A member that is known is for the planner; a stranger is tried once, each time he is heard of.
    func meet(_ peer: PeerID, _ addresses: [Multiaddr]) {
        guard connectedFrom[peer] == nil, membership[peer]?.isLive != true || connectedFrom.isEmpty, meeting.count < Self.maximumMeetings,
            meeting.insert(peer).inserted, let host
        else { return }
        parts.log.debug("neighbour found", metadata: ["peer": "\(peer)"])
        Task(executorPreference: executor) {
            let result = await self.firstAnswer(host, addresses, peer)
            await self.met(peer, result)
        }
    }

    private func met(_ peer: PeerID, _ result: Result<PeerID, DialError>) {
        meeting.remove(peer)
        switch result {
        case .success: post(.dialed(.peer(peer), result))
        case .failure(let error):
            parts.log.debug("neighbour not reached", metadata: ["peer": "\(peer)", "reason": "\(error.advice)"])
        }
    }
}
