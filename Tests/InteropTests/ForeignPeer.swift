import Foundation
import GossipSub
import IPAddresses
import Multiformats
import PeerConnection
import PeerHostTestKit
import Synchronization
import Testing

/// One line of interop/gopeer.py or interop/pypeer.py.
struct ForeignEvent: Decodable, Sendable {
    let event: String
    var id: String?
    var addresses: [String]?
    var address: String?
    var from: String?
    /// Length of a message's signature in bytes.
    var signature: Int?
    var data: String?
    var peers: [String]?
    var milliseconds: Double?
    var error: String?
}

/// A foreign libp2p peer in a process of its own.
struct ForeignPeer: Sendable {
    let id: PeerID
    /// On loopback, with the peer id.
    let address: Multiaddr
    let events: EventLog<ForeignEvent>
    fileprivate let child: Child

    /// Has one begin that was started with `--on-line`.
    func begin() throws { try child.sayLine() }

    /// Whether it received these texts from this author, in time and signed.
    func heard(_ texts: [String], from author: PeerID, within limit: Duration = .seconds(20)) async -> Bool {
        let wanted = Set(texts)
        return await waitFor(within: limit) {
            let heard = events.all.filter { $0.event == "message" && $0.from == "\(author)" && $0.signature == 64 }.compactMap(\.data)
            return wanted.isSubset(of: heard) ? true : nil
        } ?? false
    }

    /// Whether it sees the peer in its topic.
    func sees(_ peer: PeerID) async -> Bool {
        await events.has { $0.event == "topic-peers" && $0.peers?.contains("\(peer)") == true }
    }
}

extension TestHost {
    /// Messages go both ways, signed.
    func expectGossip(with theirs: ForeignPeer, mark: String) async {
        #expect(await theirs.sees(peerID))
        let heard = await events.has(2) { event in
            if case .gossip(let message) = event { message.author == theirs.id && message.topic == ForeignPeers.inTopic } else { false }
        }
        #expect(heard, "its messages reach us")
        let texts = (0..<3).map { "\(mark) \($0)" }
        for text in texts { await host.publish(Array(text.utf8), on: ForeignPeers.inTopic) }
        #expect(await theirs.heard(texts, from: peerID), "our messages reach it")
    }

    func expectIdentified(_ theirs: ForeignPeer) async throws {
        let description = try #require(await description(of: theirs.id))
        #expect(description.protocols.contains("/meshsub/1.1.0") && description.protocols.contains("/ipfs/ping/1.0.0"))
        #expect(description.listenAddresses == [theirs.address.withoutPeerID])
        #expect(description.observedAddress?.tcpSocketAddress?.address == .loopback)
        let record = try PeerRecord.open(try #require(description.signedPeerRecord))
        #expect(record.peerID == theirs.id && record.addresses.map(\.withoutPeerID) == [theirs.address.withoutPeerID])
    }
}

/// The processes of one test, all of which end with it.
final class ForeignPeers: Sendable {
    /// Their libraries take seconds to load, more on a busy machine.
    static let startLimit = Duration.seconds(60)
    static let topic = "weft/interop"
    static let inTopic = Topic(topic)

    private let kind: Interop
    private let children = Mutex<[Child]>([])

    init(_ kind: Interop) {
        self.kind = kind
    }

    /// Starts a peer and waits until it can be dialled.
    func start(secret: UInt8? = 7, _ arguments: [String] = []) async throws -> ForeignPeer {
        let child = try Child(kind, secret: secret, arguments)
        children.withLock { $0.append(child) }
        let first = await child.events.first(within: Self.startLimit) { ["listening", "failed"].contains($0.event) ? $0 : nil }
        guard let first, let id = first.id, let address = first.addresses?.first else {
            throw InteropError(description: "the foreign peer did not start: \(first?.error ?? "it says nothing")")
        }
        return ForeignPeer(id: try PeerID(id), address: try Multiaddr(address), events: child.events, child: child)
    }

    func end() async {
        for child in children.withLock({ $0 }) { await child.end() }
    }
}

/// Runs a test with foreign peers and a bench of our hosts, all cleared away also when it fails.
func withForeignPeers(_ kind: Interop, _ body: @Sendable (ForeignPeers, TestBench) async throws -> Void) async throws {
    guard kind.isThere else { throw InteropError(description: "\(kind.interpreter) is not there: \(kind.hint)") }
    let peers = ForeignPeers(kind)
    do {
        try await withBench { bench in try await body(peers, bench) }
    } catch {
        await peers.end()
        throw error
    }
    await peers.end()
}

/// A process and the lines that it writes.
private final class Child: Sendable {
    let events = EventLog<ForeignEvent>()
    private let process = Process()
    /// Held open: the peer ends with us, however we end.
    private let input = Pipe()

    init(_ kind: Interop, secret: UInt8?, _ arguments: [String]) throws {
        let lines = LineSplitter(events)
        let output = Pipe()
        process.executableURL = URL(filePath: kind.interpreter)
        process.arguments = [kind.script, "--until-eof", "--listen", "/ip4/127.0.0.1/tcp/0", "--topic", ForeignPeers.topic] + arguments
        var environment = ProcessInfo.processInfo.environment
        environment["WEFT_INTEROP_PSK"] = secret.map { TestBench.networkKey($0).map { String(format: "%02x", $0) }.joined() }
        process.environment = environment
        process.standardInput = input
        process.standardOutput = output
        output.fileHandleForReading.readabilityHandler = { handle in
            let bytes = handle.availableData
            if bytes.isEmpty { handle.readabilityHandler = nil } else { lines.append(bytes) }
        }
        try process.run()
    }

    func sayLine() throws { try input.fileHandleForWriting.write(contentsOf: Data("\n".utf8)) }

    /// Ends the process by its id, and returns when it is gone. (`waitUntilExit` would wait for a run loop that no test has.)
    func end() async {
        guard process.isRunning else { return }
        process.terminate()
        let ended = await waitFor(within: .seconds(5)) { process.isRunning ? nil : true }
        if ended == nil { kill(process.processIdentifier, SIGKILL) }
    }
}

/// Lines from chunks; a line that is no event is another program's and is passed over.
private final class LineSplitter: Sendable {
    private let rest = Mutex(Data())
    private let events: EventLog<ForeignEvent>

    init(_ events: EventLog<ForeignEvent>) {
        self.events = events
    }

    func append(_ bytes: Data) {
        rest.withLock { rest in
            rest.append(bytes)
            while let end = rest.firstIndex(of: 0x0a) {
                if let event = try? JSONDecoder().decode(ForeignEvent.self, from: rest[..<end]) { events.append(event) }
                rest = Data(rest[rest.index(after: end)...])
            }
        }
    }
}
