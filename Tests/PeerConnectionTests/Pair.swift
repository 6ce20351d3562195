import IPAddresses
import Multiformats
import SecureChannel
import Testing
import Timeline
import WeftTestKit

@testable import PeerConnection

typealias Action = PeerConnection.Action

let gossip = MessageProtocol(ids: ["/gossip/2", "/gossip/1"], maximumFrameBytes: 4 << 20, opensAtOnce: true)
let sync = MessageProtocol(ids: ["/sync/1"], maximumFrameBytes: 1_000, opensAtOnce: false)

func identity(_ byte: UInt8) throws -> Identity { try Identity(seed: [UInt8](repeating: byte, count: 32)) }

func networkKey(_ byte: UInt8) -> PrivateNetworkKey? { PrivateNetworkKey(bytes: [UInt8](repeating: byte, count: 32)) }

func entropy(_ seed: UInt64) -> ConnectionEntropy {
    var generator = SeededGenerator(seed: seed)
    return ConnectionEntropy(from: &generator)
}

func loopback(_ port: UInt16) -> Multiaddr {
    Multiaddr(tcp: SocketAddress(IPAddress(family: .ipv4, value: 0x7f00_0001), port: port))
}

let lookup = RequestProtocol(
    "/lookup/1", maximumRequestBytes: 1_000, maximumResponseBytes: 2_000, timeout: .seconds(20), maximumOpenRequests: 3)

/// What a test sets of one end.
struct Setup {
    var identityByte: UInt8
    var key: PrivateNetworkKey? = networkKey(7)
    var protocols = [gossip, sync]
    var requestProtocols: [RequestProtocol] = []
    var expectedPeer: PeerID?
    var limits = ConnectionLimits()

    static let dialer = Setup(identityByte: 1)
    static let listener = Setup(identityByte: 2)

    func configuration() throws -> ConnectionConfiguration {
        ConnectionConfiguration(
            identity: try identity(identityByte), networkKey: key, messageProtocols: protocols, requestProtocols: requestProtocols,
            agentVersion: "weft/\(identityByte)", limits: limits)
    }

    func machine(_ role: PeerConnection.Role, now: Instant = .origin) throws -> PeerConnection {
        try PeerConnection(
            role: role, configuration: configuration(), expectedPeer: expectedPeer, remoteAddress: loopback(9_000 + UInt16(identityByte)),
            listenAddresses: [loopback(UInt16(identityByte))], entropy: entropy(UInt64(identityByte)), now: now)
    }
}

/// One end, and what it has told.
struct End {
    var machine: PeerConnection
    var news: [Action] = []
    /// On the wire to the other end.
    var sent: [UInt8] = []
    /// Whether the other end takes what is on the wire.
    var isRead = true

    init(_ machine: PeerConnection) {
        self.machine = machine
        note(self.machine.start())
    }

    mutating func note(_ actions: [Action]) {
        sent += actions.written
        news += actions.filter { if case .write = $0 { false } else { true } }
    }

    mutating func takeNews() -> [Action] {
        defer { news = [] }
        return news
    }
}

/// Two machines back to back, in virtual time.
struct Pair {
    var dialer: End
    var listener: End
    var now = Instant.origin
    /// How many bytes arrive at once.
    var chunk: Int

    init(_ dialer: Setup = .dialer, _ listener: Setup = .listener, chunk: Int = .max) throws {
        self.dialer = End(try dialer.machine(.dialer))
        self.listener = End(try listener.machine(.listener))
        self.chunk = chunk
    }

    /// A pair that stands, its news taken.
    static func established(_ dialer: Setup = .dialer, _ listener: Setup = .listener) throws -> Pair {
        var pair = try Pair(dialer, listener)
        pair.settle()
        _ = (pair.dialer.takeNews(), pair.listener.takeNews())
        return pair
    }

    mutating func give(_ input: PeerConnection.Input, to end: WritableKeyPath<Pair, End>) {
        self[keyPath: end].note(self[keyPath: end].machine.handle(input, now: now))
        settle()
    }

    /// Carries bytes to and fro until both are silent.
    mutating func settle() {
        while carry(from: \.dialer, to: \.listener) || carry(from: \.listener, to: \.dialer) {}
    }

    private mutating func carry(from source: WritableKeyPath<Pair, End>, to target: WritableKeyPath<Pair, End>) -> Bool {
        guard !self[keyPath: source].sent.isEmpty, self[keyPath: source].isRead else { return false }
        let bytes = Array(self[keyPath: source].sent.prefix(chunk))
        self[keyPath: source].sent.removeFirst(bytes.count)
        self[keyPath: target].note(self[keyPath: target].machine.handle(.received(bytes), now: now))
        return true
    }

    /// Lets time pass, deadline by deadline.
    mutating func run(_ duration: Duration) {
        let end = now + duration
        while let deadline = earliest(dialer.machine.nextDeadline, listener.machine.nextDeadline), deadline <= end {
            now = max(now, deadline)
            give(.deadlineReached, to: \.dialer)
            give(.deadlineReached, to: \.listener)
        }
        now = end
    }
}

extension [Action] {
    var written: [UInt8] {
        flatMap { action -> [UInt8] in
            if case .write(let bytes) = action { bytes } else { [] }
        }
    }

    var failure: ConnectionFailure? {
        guard case .close(let failure) = last else { return nil }
        return failure
    }

    var established: [PeerID] {
        compactMap { if case .established(let peer) = $0 { peer } else { nil } }
    }

    var descriptions: [PeerDescription] {
        compactMap { if case .identified(let description) = $0 { description } else { nil } }
    }

    func messages(_ messageProtocol: MessageProtocol) -> [[UInt8]] {
        compactMap { if case .message(messageProtocol, let frame) = $0 { frame } else { nil } }
    }

    var requests: [(id: RequestID, bytes: [UInt8])] {
        compactMap { if case .request(_, let id, let bytes) = $0 { (id, bytes) } else { nil } }
    }

    /// What became of our questions, by their numbers; each is told once.
    var answers: [UInt64: Result<[UInt8], RequestFailure>] {
        reduce(into: [:]) { answers, action in
            guard case .answered(let id, let result) = action else { return }
            #expect(answers.updateValue(result, forKey: id.rawValue) == nil)
        }
    }

    /// The ids by which we may send.
    func canSend(_ messageProtocol: MessageProtocol) -> [String] {
        compactMap { if case .canSend(messageProtocol, let id) = $0 { id } else { nil } }
    }

    func cannotSend(_ messageProtocol: MessageProtocol) -> Int {
        count { if case .cannotSend(messageProtocol) = $0 { true } else { false } }
    }
}
