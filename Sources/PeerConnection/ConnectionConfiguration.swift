import Multiformats
import SecureChannel
import Yamux

/// A protocol of which each side opens one stream and only writes on it: length-prefixed frames, in order, for as long as both live.
///
/// Publish-subscribe is of this kind (libp2p pubsub/README.md, "Stream management"); so is Weft's own anti-entropy.
package struct MessageProtocol: Hashable, Sendable {
    /// Protocol ids, the preferred one first; they speak the same frames.
    package let ids: [String]
    /// The longest frame that is accepted, in bytes without its length prefix.
    package let maximumFrameBytes: Int
    /// Whether our stream is opened as soon as the connection stands, else with the first frame.
    package let opensAtOnce: Bool

    package init(ids: [String], maximumFrameBytes: Int, opensAtOnce: Bool) {
        self.ids = ids
        self.maximumFrameBytes = maximumFrameBytes
        self.opensAtOnce = opensAtOnce
    }

    /// One id tells the protocols of a host apart, and each frame looks its own up.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(ids.first)
    }
}

/// What all connections of one host have in common.
package struct ConnectionConfiguration: Sendable {
    /// Our private key; the peer sees our peer id by it.
    package var identity: Identity
    /// The private network's key; without one the connection is open to anybody.
    package var networkKey: PrivateNetworkKey?
    /// Ways to encrypt a connection, the preferred one first: in this order they are proposed, and any of them is accepted.
    package var security: [any SecurityProtocol]
    package var messageProtocols: [MessageProtocol]
    /// Of which the peer's requests are taken. Any other may be asked by.
    package var requestProtocols: [RequestProtocol]
    /// What identify tells: `agentVersion` and `protocolVersion` (libp2p identify/README.md).
    package var agentVersion: String
    package var protocolVersion: String
    package var yamux: YamuxConfiguration
    package var limits: ConnectionLimits

    package init(
        identity: Identity, networkKey: PrivateNetworkKey?, security: [any SecurityProtocol] = [NoiseSecurity()],
        messageProtocols: [MessageProtocol], requestProtocols: [RequestProtocol] = [], agentVersion: String,
        protocolVersion: String = "ipfs/0.1.0",
        yamux: YamuxConfiguration = YamuxConfiguration(), limits: ConnectionLimits = ConnectionLimits()
    ) {
        self.identity = identity
        self.networkKey = networkKey
        self.security = security
        self.messageProtocols = messageProtocols
        self.requestProtocols = requestProtocols
        self.agentVersion = agentVersion
        self.protocolVersion = protocolVersion
        self.yamux = yamux
        self.limits = limits
    }
}

/// What a peer can make one connection cost.
package struct ConnectionLimits: Sendable {
    /// What an open stream counts for in `heldBytes`, beside what waits on it.
    static let bytesPerStream = 1024

    /// From the first byte until the connection can carry streams; go-libp2p's own limit.
    package var upgradeTimeout: Duration = .seconds(15)
    /// From the opening of a stream until its protocol is agreed.
    package var streamNegotiationTimeout: Duration = .seconds(10)
    /// From a question until the description is sent, read and closed, whichever side asked.
    package var identifyTimeout: Duration = .seconds(30)
    /// One identify message; a peer may send several that are merged.
    package var maximumIdentifyBytes = 8192
    package var maximumIdentifyParts = 10
    /// Listen addresses and protocols kept of what a peer says of itself.
    package var maximumIdentifyEntries = 100
    /// Ping streams that a peer may hold open (libp2p ping/ping.md: two).
    package var maximumPingStreams = 2
    /// Identify streams that a peer may hold open, and as many of identify/push.
    package var maximumIdentifyStreams = 4
    /// How often a message stream that the peer gave up, or did not answer in time, is opened anew on one connection.
    package var maximumReopenedStreams = 4
    /// Frames waiting for a stream whose protocol is not agreed yet, or for the peer to read, in bytes.
    package var maximumQueuedBytes = 16 << 20

    package init() {}
}

/// Random bytes for one connection, drawn by the caller: machines have no randomness of their own.
package struct ConnectionEntropy: Sendable {
    package static let networkNonceBytes = 24
    package static let seedBytes = 32

    let networkNonce: [UInt8]
    let ephemeralSeed: [UInt8]
    let staticSeed: [UInt8]

    /// - Parameter generator: a cryptographic one, except in tests.
    package init(from generator: inout some RandomNumberGenerator) {
        func draw(_ count: Int) -> [UInt8] {
            let words = (0..<(count + 7) / 8).map { _ in generator.next() as UInt64 }  // each draw is a system call
            return words.withUnsafeBytes { Array($0.prefix(count)) }
        }
        networkNonce = draw(Self.networkNonceBytes)
        ephemeralSeed = draw(Self.seedBytes)
        staticSeed = draw(Self.seedBytes)
    }
}
