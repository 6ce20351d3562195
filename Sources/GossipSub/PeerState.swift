import Multiformats
import Timeline

/// What the router knows of a neighbour.
struct PeerState: Sendable {
    /// Nil: it sent us something, but we cannot send to it yet.
    var version: PeerVersion?
    var isOutbound = false
    var topics: Set<Topic> = []
    var quota = GossipQuota()

    var isConnected: Bool { version != nil }

    /// Whether it speaks gossipsub, so can be in a mesh and be sent control messages.
    var isGossiper: Bool {
        switch version {
        case .v1_1, .v1_0: true
        case .floodsub, nil: false
        }
    }
}

/// What a peer has used up of its allowance for one heartbeat interval. Begins anew with the first use after the interval's end.
struct GossipQuota: Hashable, Sendable {
    private var start: Instant?
    var ihaveMessages = 0
    var idsAsked = 0
    var idsLookedUp = 0
    var suggestionsTaken = 0
    /// Topics whose recent messages were announced to it when it joined the mesh.
    var topicsCaughtUp: Set<Topic> = []

    mutating func renew(every interval: Duration, now: Instant) {
        if let start, now < start + interval { return }
        self = GossipQuota()
        start = now
    }
}

/// A topic that we subscribed to.
struct JoinedTopic: Sendable {
    var policy: TopicPolicy
    var mesh: Set<PeerID> = []
}

/// The peers to which we publish on a topic that we have not joined.
struct Fanout: Sendable {
    var peers: Set<PeerID>
    var lastPublished: Instant
}
