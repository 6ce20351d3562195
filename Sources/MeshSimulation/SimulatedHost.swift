import GossipSub
import IPAddresses
import Mesh
import Multiformats
import PeerHost
import Timeline
import WeftTestKit

/// The part of `PeerHost` that decides: which connection serves whom, and the router. What it decides is carried out by `Simulation`.
struct SimulatedHost: Sendable {
    struct Link: Sendable {
        let side: Connection.Side
        let peer: PeerID
        /// The other end's address.
        let remote: IPAddress
        let establishedAt: Instant
        /// The peer reads publish-subscribe from us.
        var isReady = false
    }

    static let recordsTopic = Topic(ControlPlane.gossipTopic)

    let peerID: PeerID
    var router: GossipSubRouter<SeededGenerator>
    private(set) var links: [ConnectionID: Link] = [:]
    private var moves = RecentMoves(memory: PeerHostLimits().moveMemory)
    /// The standing connections of each peer, oldest first.
    private(set) var peers: [PeerID: [ConnectionID]] = [:]
    private(set) var gossipLinks: [PeerID: ConnectionID] = [:]

    init(identity: Identity, generator: SeededGenerator, wallClockMillis: UInt64) {
        peerID = identity.peerID
        router = GossipSubRouter(identity: identity, firstSequence: wallClockMillis &* 1_000_000, generator: generator)
    }

    /// - Returns: whether it is the only one to this peer.
    mutating func establish(_ id: ConnectionID, _ side: Connection.Side, to peer: PeerID, _ remote: IPAddress, at now: Instant) -> Bool {
        links[id] = Link(side: side, peer: peer, remote: remote, establishedAt: now)
        peers[peer, default: []].append(id)
        return peers[peer]?.count == 1
    }

    /// See `PeerHost.endStale`.
    mutating func stale(of peer: PeerID, _ remote: IPAddress, after crossingDials: Duration, at now: Instant) -> [ConnectionID] {
        let isCopied = moves.isBack(peer, at: remote, now: now)
        let stale = (peers[peer] ?? []).filter { id in
            links[id].map { $0.remote != remote ? !isCopied : $0.establishedAt + crossingDials < now } ?? false
        }
        for address in stale.compactMap({ links[$0]?.remote }) where address != remote { moves.note(peer, leaving: address, now: now) }
        return stale
    }

    /// See `PeerHost.linkOfEachAddress`.
    func linkOfEachAddress(of peer: PeerID) -> [ConnectionID] {
        var addresses: Set<IPAddress?> = []
        return (peers[peer] ?? []).filter { addresses.insert(links[$0]?.remote).inserted }
    }

    /// See `PeerHost.dropDuplicates`.
    func superfluous(of peer: PeerID) -> [ConnectionID] {
        let standing = peers[peer] ?? []
        guard standing.count > 1 else { return [] }
        let preferredSide: Connection.Side = peerID < peer ? .dialer : .listener
        let kept = standing.last { links[$0]?.side == preferredSide } ?? standing.last
        return standing.filter { $0 != kept && links[$0]?.side == .dialer }
    }

    mutating func setReady(_ id: ConnectionID) { links[id]?.isReady = true }

    /// See `PeerHost.useForGossip`.
    ///
    /// - Returns: what to tell the router, if the connection serves the peer from now on.
    mutating func useForGossip(_ id: ConnectionID) -> GossipSubInput? {
        guard let link = links[id], link.isReady, gossipLinks[link.peer] == nil else { return nil }
        gossipLinks[link.peer] = id
        return .peerConnected(link.peer, .v1_1, isOutbound: link.side == .dialer)
    }

    /// - Returns: the peer's other connections, if this one served it.
    mutating func loseForGossip(_ id: ConnectionID, of peer: PeerID) -> [ConnectionID] {
        guard gossipLinks[peer] == id else { return [] }
        gossipLinks[peer] = nil
        return peers[peer] ?? []
    }

    /// - Returns: whose connection it was, whether it was the last one, and whether it served the messages of sync.
    mutating func remove(_ id: ConnectionID) -> (peer: PeerID, wasLast: Bool, carriedMessages: Bool)? {
        guard let peer = links[id]?.peer else { return nil }
        let carriedMessages = linkOfEachAddress(of: peer).contains(id)
        links[id] = nil
        peers[peer]?.removeAll { $0 == id }
        return (peer, peers[peer]?.isEmpty ?? true, carriedMessages)
    }

    mutating func forget(_ peer: PeerID) { peers[peer] = nil }
}
