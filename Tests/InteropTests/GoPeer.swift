import Foundation
import Multiformats
import PeerHostTestKit
import Synchronization

/// One line of interop/gopeer.py.
struct GoEvent: Decodable, Sendable {
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

/// A go-libp2p peer in a process of its own.
struct GoPeer: Sendable {
    let id: PeerID
    /// On loopback, with the peer id.
    let address: Multiaddr
    let events: EventLog<GoEvent>

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

/// The processes of one test, all of which end with it.
final class GoPeers: Sendable {
    /// The binding takes seconds to load, more on a busy machine.
    static let startLimit = Duration.seconds(60)
    static let topic = "weft/interop"

    private let children = Mutex<[Child]>([])

    /// Starts a peer and waits until it can be dialled.
    func start(secret: UInt8? = 7, _ arguments: [String] = []) async throws -> GoPeer {
        let child = try Child(secret: secret, arguments)
        children.withLock { $0.append(child) }
        let first = await child.events.first(within: Self.startLimit) { ["listening", "failed"].contains($0.event) ? $0 : nil }
        guard let first, let id = first.id, let address = first.addresses?.first else {
            throw InteropError(description: "the foreign peer did not start: \(first?.error ?? "it says nothing")")
        }
        return GoPeer(id: try PeerID(id), address: try Multiaddr(address), events: child.events)
    }

    func end() async {
        for child in children.withLock({ $0 }) { await child.end() }
    }
}

/// Runs a test with foreign peers and a bench of our hosts, all cleared away also when it fails.
func withGoPeers(_ body: @Sendable (GoPeers, TestBench) async throws -> Void) async throws {
    guard FileManager.default.isExecutableFile(atPath: Interop.python) else {
        throw InteropError(description: "\(Interop.python) is not there: \(Interop.hint)")
    }
    let peers = GoPeers()
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
    let events = EventLog<GoEvent>()
    private let process = Process()
    /// Held open: the peer ends with us, however we end.
    private let input = Pipe()

    init(secret: UInt8?, _ arguments: [String]) throws {
        let lines = LineSplitter(events)
        let output = Pipe()
        process.executableURL = URL(filePath: Interop.python)
        process.arguments = [Interop.script, "--until-eof", "--listen", "/ip4/127.0.0.1/tcp/0", "--topic", GoPeers.topic] + arguments
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
    private let events: EventLog<GoEvent>

    init(_ events: EventLog<GoEvent>) {
        self.events = events
    }

    func append(_ bytes: Data) {
        rest.withLock { rest in
            rest.append(bytes)
            while let end = rest.firstIndex(of: 0x0a) {
                if let event = try? JSONDecoder().decode(GoEvent.self, from: rest[..<end]) { events.append(event) }
                rest = Data(rest[rest.index(after: end)...])
            }
        }
    }
}
