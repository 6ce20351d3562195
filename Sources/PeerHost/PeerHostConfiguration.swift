import AutoNAT
import GossipSub
import IPAddresses
import Multiformats
import PeerConnection
import SecureChannel

/// What a host is, and what it may cost.
package struct PeerHostConfiguration: Sendable {
    package var identity: Identity
    /// The private network's key; `nil` joins the open libp2p world.
    package var networkKey: PrivateNetworkKey?
    /// Ways to encrypt a connection, the preferred one first.
    package var security: [any SecurityProtocol]
    /// Protocols of frames that go to the owner as events, beside publish-subscribe.
    package var messageProtocols: [MessageProtocol]
    /// Protocols of questions that the owner answers.
    package var requestProtocols: [RequestProtocol]
    /// Free text that peers show: program and version.
    package var agentVersion: String
    package var limits: PeerHostLimits
    package var gossip: GossipSubConfiguration
    /// With fewer peers than this, those that others suggest are dialled (`GossipSubConfiguration.exchangesPeers`).
    package var wishedPeers = 12
    /// Whether peers are asked to dial back, and are dialled back when they ask; `nil`: neither.
    package var autoNAT: AutoNATConfiguration?

    package init(
        identity: Identity, networkKey: PrivateNetworkKey?, security: [any SecurityProtocol] = [NoiseSecurity()],
        messageProtocols: [MessageProtocol] = [], requestProtocols: [RequestProtocol] = [], agentVersion: String,
        limits: PeerHostLimits = PeerHostLimits(), gossip: GossipSubConfiguration = GossipSubConfiguration(),
        autoNAT: AutoNATConfiguration? = nil
    ) {
        self.identity = identity
        self.networkKey = networkKey
        self.security = security
        self.messageProtocols = messageProtocols
        self.requestProtocols = requestProtocols
        self.agentVersion = agentVersion
        self.limits = limits
        self.gossip = gossip
        self.autoNAT = autoNAT
    }
}

/// What others can make a host cost.
package struct PeerHostLimits: Sendable {
    /// Connections that stand, whoever opened them. One more that comes in is closed.
    package var maximumConnections = 256
    /// Connections that came in and have not proved who they are.
    package var maximumPendingInbound = 128
    /// Peers that are dialled at once.
    package var maximumDials = 64
    /// Peers that are dialled at once because others suggest them. Further suggestions are dropped.
    package var maximumSuggestedDials = 8
    /// Addresses of one peer that are tried, names resolved.
    package var maximumDialedAddresses = 16
    /// After so long without an answer the next address is tried as well (RFC 8305 section 5).
    package var nextAddressDelay: Duration = .milliseconds(250)
    /// A connection that was taken, and whose other end has not proved in so long who it is, holds the other addresses up no more.
    package var upgradePatience: Duration = .seconds(2)
    /// From the first packet until TCP's handshake is done.
    package var connectTimeout: Duration = .seconds(10)
    /// Connections between the same two that were established within so long of each other may come from dials that crossed. Whoever
    /// dials later than that has lost the connection that stood, whatever we still think of it.
    package var crossingDials: Duration = .seconds(3)
    /// Who has come from another address, and comes from the one before within so long, is two machines.
    package var moveMemory: Duration = .seconds(10)
    /// What all connections together may make us keep: what came and is not whole, and what was not read (`PeerConnection.heldBytes`). Past
    /// it the one that holds most is ended.
    package var maximumHeldBytes = 12 << 20
    /// How long a peer may leave what we send unread before its connection is closed.
    package var stalledWriteTimeout: Duration = .seconds(30)
    /// The kernel probes a silent connection after so many seconds, so often, so many times (tcp(7)): no wake-up of ours, but most of what
    /// a node sends at rest. So as late as leaves time for three probes before `tcpUserTimeout`, which ends a silent connection, too.
    package var tcpKeepAliveIdleSeconds = 36
    package var tcpKeepAliveIntervalSeconds = 3
    package var tcpKeepAliveCount = 3
    /// The kernel gives a connection up when nothing that was sent is acknowledged for so long (tcp(7), `TCP_USER_TIMEOUT`). It does
    /// not probe meanwhile, and without this bound would try for a quarter of an hour.
    package var tcpUserTimeout: Duration = .seconds(45)

    package init() {}
}

/// What a host tells its owner, in the order in which it happened.
package enum PeerHostEvent: Sendable {
    /// The first connection to this peer stands.
    case connected(PeerID, remote: IPAddress?)
    /// A further one stands, from another address: the peer may be two machines with one identity. Or one of several that served the
    /// owner's messages is gone: what was on its way may be lost.
    case pathsChanged(PeerID)
    /// The last connection to this peer is gone.
    case disconnected(PeerID, ConnectionFailure)
    case identified(PeerID, PeerDescription)
    /// A frame of one of the owner's message protocols.
    case message(from: PeerID, MessageProtocol, [UInt8])
    /// A peer asks by one of the owner's request protocols, and waits for ``PeerHost/answer(_:with:)``.
    case request(IncomingRequest)
    /// Whether this host can be dialled is known, or is not known any more; see ``PeerHost/checkReachability(at:)``.
    case reachability(NATStatus)
    /// A message of a topic that is subscribed. If the topic's policy says so, it waits for a verdict.
    case gossip(Message)
    /// A peer broke the rules of publish-subscribe; it cost nothing but this line.
    case gossipDropped(from: PeerID, DropReason)
    /// What we wanted to publish or to join was not.
    case gossipRefused(Refusal)
    /// A connection that came in did not prove who it is.
    case refused(remote: IPAddress?, ConnectionFailure)
}
