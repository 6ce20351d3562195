import Multiformats
import SecureChannel
import Timeline
import Yamux

/// One libp2p connection, from the first byte behind TCP's handshake to its last, as a machine: bytes in, bytes and events out.
///
/// Inside: the private network's cipher, the `Upgrade`, the encrypted channel, the multiplexer, and what each stream is for.
package struct PeerConnection: Sendable {
    package enum Role: Hashable, Sendable {
        case dialer
        case listener
    }

    package enum Input: Sendable {
        /// Bytes from the transport, in any chunks.
        case received([UInt8])
        /// Send one frame. Before the connection stands, or when the peer lacks the protocol, it is dropped.
        case send(MessageProtocol, frame: [UInt8])
        /// Ask the peer. Answered by `answered`, once, unless the connection ends before.
        case ask(RequestProtocol, request: [UInt8], QuestionID)
        /// Answer a request of the peer's; `nil` refuses it. Nothing happens if it is over.
        case answer(RequestID, response: [UInt8]?)
        /// Our listen addresses have changed: tell the peer (identify/push).
        /// - Parameter signedPeerRecord: the same, as a sealed `PeerRecord`.
        case describe(listenAddresses: [Multiaddr], signedPeerRecord: [UInt8]? = nil)
        /// Whether the transport takes bytes: while it does not, data waits in bounded queues.
        case transportWritable(Bool)
        case deadlineReached
        /// Say good-bye; the caller closes the transport when what is written has gone out.
        case goAway
    }

    package enum Action: Sendable {
        case write([UInt8])
        /// Who is there is proved; streams can be used.
        case established(PeerID)
        case identified(PeerDescription)
        /// Our stream of this protocol is agreed on, by this one of its ids: what is sent now arrives.
        case canSend(MessageProtocol, id: String)
        /// Our stream of this protocol has ended, or the peer does not speak it.
        case cannotSend(MessageProtocol)
        case message(MessageProtocol, [UInt8])
        /// The peer asks, and waits for `answer`.
        case request(RequestProtocol, RequestID, [UInt8])
        /// What became of a question of ours.
        case answered(QuestionID, Result<[UInt8], RequestFailure>)
        /// The end: close the transport. No further actions.
        case close(ConnectionFailure)
    }

    let configuration: ConnectionConfiguration
    package let role: Role
    /// The address that the peer comes from or that we dialled: told to it as its observed address.
    let remoteAddress: Multiaddr?
    var listenAddresses: [Multiaddr]
    var signedPeerRecord: [UInt8]?

    /// Exactly one of the two is set until the connection has ended; then none.
    private var upgrade: Upgrade?
    var open: OpenConnection?
    private var cipher: PrivateNetworkCipher?
    private let upgradeDeadline: Instant

    /// The connection once it stands.
    struct OpenConnection: Sendable {
        var secured: Upgrade.Secured
        var yamux: YamuxSession
        var streams: [YamuxStreamID: StreamState] = [:]
        /// Our own stream of each message protocol, and frames that wait for its protocol to be agreed.
        var outbound: [MessageProtocol: OutboundMessages] = [:]
    }

    struct OutboundMessages: Sendable {
        var stream: YamuxStreamID?
        var queued: [[UInt8]] = []
        var queuedBytes = 0
        var isUnsupported = false
        /// How often the stream was lost and opened anew.
        var reopened = 0
    }

    package init(
        role: Role, configuration: ConnectionConfiguration, expectedPeer: PeerID?, remoteAddress: Multiaddr?, listenAddresses: [Multiaddr],
        signedPeerRecord: [UInt8]? = nil, entropy: ConnectionEntropy, now: Instant
    ) throws(ConnectionFailure) {
        self.role = role
        self.configuration = configuration
        self.remoteAddress = remoteAddress
        self.listenAddresses = listenAddresses
        self.signedPeerRecord = signedPeerRecord
        upgrade = Upgrade(
            role: role == .dialer ? .initiator : .responder, configuration: configuration, expectedPeer: expectedPeer, entropy: entropy)
        if let key = configuration.networkKey {
            do { cipher = try PrivateNetworkCipher(key: key, nonce: entropy.networkNonce) } catch { throw .handshake("\(error)") }
        }
        upgradeDeadline = now + configuration.limits.upgradeTimeout
    }

    /// Who is at the other end, once that is proved.
    package var remotePeer: PeerID? { open?.secured.remotePeer }

    package var roundTripTime: Duration? { open?.yamux.roundTripTime }

    /// What this connection makes us keep, in bytes: what came and is not whole, what the peer has not read, and something for each stream.
    package var heldBytes: Int {
        guard let open else { return 0 }
        let received = open.streams.values.reduce(open.secured.heldBytes) { $0 + $1.pendingCount + ConnectionLimits.bytesPerStream }
        return open.outbound.values.reduce(received + open.yamux.bufferedSendBytes) { $0 + $1.queuedBytes }
    }

    /// What was sent by this protocol and waits to be handed to the multiplexer.
    package func queuedBytes(of messageProtocol: MessageProtocol) -> Int { open?.outbound[messageProtocol]?.queuedBytes ?? 0 }

    /// The first bytes, to be sent as soon as the transport stands.
    package mutating func start() -> [Action] {
        guard let bytes = upgrade?.start() else { return [] }
        return [.write(encipher(bytes))]
    }

    package var nextDeadline: Instant? {
        if upgrade != nil { return upgradeDeadline }
        guard let open else { return nil }
        return open.streams.values.reduce(open.yamux.nextDeadline) { earliest($0, $1.deadline) }
    }

    /// The peer has told that it ends the connection: that the transport ends is then no surprise.
    package var peerSaidGoodbye: Bool { open?.yamux.hasReceivedGoAway ?? false }

    package mutating func handle(_ input: Input, now: Instant) -> [Action] {
        var actions: [Action] = []
        do throws(ConnectionFailure) {
            try process(input, now, &actions)
        } catch {
            upgrade = nil
            open = nil
            actions.append(.close(error))
        }
        return actions
    }

    private mutating func process(_ input: Input, _ now: Instant, _ actions: inout [Action]) throws(ConnectionFailure) {
        switch input {
        case .received(let bytes):
            try receive(bytes, now, &actions)
        case .send(let messageProtocol, let frame):
            try send(frame, by: messageProtocol, now, &actions)
        case .ask(let requestProtocol, let request, let id):
            try ask(request, by: requestProtocol, id, now, &actions)
        case .answer(let id, let response):
            try answer(id, response, now, &actions)
        case .describe(let addresses, let record):
            listenAddresses = addresses
            signedPeerRecord = record
            _ = try openStream(for: .push, now, &actions)
        case .transportWritable(let isWritable):
            try drive(.transportWritable(isWritable), now, &actions)
        case .deadlineReached:
            try deadlineReached(now, &actions)
        case .goAway:
            try drive(.goAway, now, &actions)
            put(open?.secured.close() ?? [], &actions)
        }
    }

    private mutating func receive(_ bytes: [UInt8], _ now: Instant, _ actions: inout [Action]) throws(ConnectionFailure) {
        let bytes = cipher?.decrypt(bytes) ?? bytes
        guard var upgrade else { return try receiveSecured(bytes, now, &actions) }
        defer { if self.upgrade != nil { self.upgrade = upgrade } }
        var send: [UInt8] = []
        let result = Result { () throws(ConnectionFailure) in try upgrade.receive(bytes, send: &send) }
        put(send, &actions)  // also when it has failed: the peer may be told why
        guard let outcome = try result.get() else { return }
        self.upgrade = nil
        try begin(outcome, now, &actions)
    }

    private mutating func begin(_ outcome: Upgrade.Outcome, _ now: Instant, _ actions: inout [Action]) throws(ConnectionFailure) {
        let yamux = YamuxSession(role: role == .dialer ? .initiator : .responder, configuration: configuration.yamux, now: now)
        open = OpenConnection(secured: outcome.secured, yamux: yamux)
        actions.append(.established(outcome.secured.remotePeer))
        _ = try openStream(for: .identify, now, &actions)
        for messageProtocol in configuration.messageProtocols where messageProtocol.opensAtOnce {
            _ = try openStream(for: .messages(messageProtocol), now, &actions)
        }
        try drive(.measureRoundTrip, now, &actions)
        try drive(.received(outcome.remainder), now, &actions)
    }

    private mutating func receiveSecured(_ bytes: [UInt8], _ now: Instant, _ actions: inout [Action]) throws(ConnectionFailure) {
        var send: [UInt8] = []
        let result = Result { () throws(ConnectionFailure) in try open?.secured.decrypt(bytes, send: &send) }
        put(send, &actions)
        guard let plaintext = try result.get(), !plaintext.isEmpty else { return }
        try drive(.received(plaintext), now, &actions)
    }

    private mutating func deadlineReached(_ now: Instant, _ actions: inout [Action]) throws(ConnectionFailure) {
        guard upgrade == nil else {
            if now >= upgradeDeadline { throw .upgradeTimedOut }
            return
        }
        try drive(.deadlineReached, now, &actions)
        let late = open?.streams.filter { ($0.value.deadline).map { $0 <= now } ?? false }.keys ?? [:].keys
        for stream in late.sorted() { try fail(stream, .timedOut, now, &actions) }
    }

    /// Feeds the multiplexer and deals with all that comes of it. Its bytes go out first: what they lead to may write more.
    mutating func drive(_ input: YamuxSession.Input, _ now: Instant, _ actions: inout [Action]) throws(ConnectionFailure) {
        guard let produced = open?.yamux.handle(input, now: now) else { return }
        for case .send(let bytes) in produced { try write(bytes, &actions) }
        for action in produced { try carryOut(action, now, &actions) }
    }

    mutating func write(_ plaintext: [UInt8], _ actions: inout [Action]) throws(ConnectionFailure) {
        guard let bytes = try open?.secured.encrypt(plaintext) else { return }
        put(bytes, &actions)
    }

    private mutating func put(_ bytes: consuming [UInt8], _ actions: inout [Action]) {
        if !bytes.isEmpty { actions.append(.write(encipher(bytes))) }
    }

    /// In place, if nobody else holds the bytes.
    private mutating func encipher(_ bytes: consuming [UInt8]) -> [UInt8] {
        guard cipher != nil else { return bytes }
        return cipher?.encrypt(bytes) ?? []
    }
}
