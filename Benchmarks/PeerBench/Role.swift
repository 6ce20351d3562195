import Foundation
import IPAddresses
import LoopRuntime
import Multiformats
import PeerConnection
import PeerHost
import SecureChannel
import Synchronization

/// What a process of ours does, and for how long: until its standard input is closed, at most.
enum Role {
    /// Tells its address, takes so many frames of one stream and tells how long that took.
    case receive(frames: Int)
    case send(frames: Int, to: Multiaddr)
    /// Tells its address and then, for each line of its standard input, what it has in memory and how many connections stand.
    case serve
    /// Connects as so many peers, and stays.
    case crowd(Int, at: Multiaddr)

    static let frame = [UInt8](repeating: 0x5a, count: 64 << 10)
    /// Each sixteenth ends with a line feed, by which `interop/gostream.py` counts them.
    static let framesInLine = 16
    static let lastFrameOfLine = Array(frame.dropLast()) + [0x0a]
    static let streams = MessageProtocol(ids: ["/weft-bench/1.0.0"], maximumFrameBytes: 1 << 20, opensAtOnce: false)

    init?(_ arguments: ArraySlice<String>) throws {
        var rest = arguments
        guard let name = rest.popFirst() else { return nil }
        switch (name, rest.popFirst().flatMap { Int($0) } ?? 0, try rest.popFirst().map { try Multiaddr($0) }) {
        case ("receive", let frames, nil): self = .receive(frames: frames)
        case ("send", let frames, let address?): self = .send(frames: frames, to: address)
        case ("serve", _, nil): self = .serve
        case ("crowd", let count, let address?): self = .crowd(count, at: address)
        default: throw BenchError("unknown role: \(arguments.joined(separator: " "))")
        }
    }

    func run(on executor: LoopExecutor) async -> Int32 {
        do {
            switch self {
            case .receive(let frames): try await receive(frames, executor)
            case .send(let frames, let address): try await send(frames, to: address, executor)
            case .serve: try await serve(executor)
            case .crowd(let count, let address): try await crowd(count, at: address, executor)
            }
            return 0
        } catch {
            Told.error("\(error)").print()
            return 1
        }
    }

    // MARK: One stream

    private func receive(_ frames: Int, _ executor: LoopExecutor) async throws {
        let progress = Progress(frames, first: Self.framesInLine)
        let host = try Self.host(executor) { event in
            if case .message(_, Self.streams, _) = event { progress.tookFrame() }
        }
        try await Self.listen(host)
        Told.seconds(await progress.seconds).print()
        await host.shutDown()
    }

    private func send(_ frames: Int, to address: Multiaddr, _ executor: LoopExecutor) async throws {
        let host = try Self.host(executor) { _ in }
        let peer = try await host.dial(address)
        for number in 1...frames {
            await host.hasRoom(for: Self.streams, to: peer)
            await host.send(number % Self.framesInLine == 0 ? Self.lastFrameOfLine : Self.frame, by: Self.streams, to: peer)
        }
        await Self.endOfInput()
        await host.shutDown()
    }

    // MARK: Many connections

    private func serve(_ executor: LoopExecutor) async throws {
        let host = try Self.host(executor) { _ in }
        try await Self.listen(host)
        while await Self.nextLine() { Told.memory(bytes: Self.ownMemory(), connections: await host.connectionCount).print() }
        await host.shutDown()
    }

    private func crowd(_ count: Int, at address: Multiaddr, _ executor: LoopExecutor) async throws {
        var hosts: [PeerHost] = []
        for _ in 0..<count {
            let host = try Self.host(executor) { _ in }
            _ = try await host.dial(address)
            hosts.append(host)
        }
        Told.ready.print()
        await Self.endOfInput()
        for host in hosts { await host.shutDown() }
    }

    // MARK: Parts

    private static func host(_ executor: LoopExecutor, events: @escaping @Sendable (PeerHostEvent) -> Void) throws -> PeerHost {
        var generator = SystemRandomNumberGenerator()
        var configuration = PeerHostConfiguration(
            identity: try Identity(seed: (0..<Identity.seedLength).map { _ in UInt8.random(in: 0...255, using: &generator) }),
            networkKey: Peer.networkKey.flatMap { PrivateNetworkKey(bytes: $0) }, messageProtocols: [streams], agentVersion: "weft/bench")
        configuration.limits.maximumConnections = 4096
        return PeerHost(configuration: configuration, executor: executor, events: events)
    }

    private static func listen(_ host: PeerHost) async throws {
        let address = try await host.listen(on: SocketAddress(IPAddress(family: .ipv4, value: 0x7f00_0001), port: 0))
        await host.announce(listenAddresses: [Multiaddr(tcp: address)])
        Told.listening("\(Multiaddr(tcp: address, peer: host.peerID))").print()
    }

    /// What no file holds of this process's memory (`RssAnon`, proc(5)).
    private static func ownMemory() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") } ?? ""
        return (line.split(separator: " ").compactMap { Int($0) }.first ?? 0) * 1024
    }

    private static func endOfInput() async {
        while await nextLine() {}
    }

    /// Whether one came before the end of the input. Waits on a thread of its own: the loop has other things to do.
    private static func nextLine() async -> Bool {
        await withCheckedContinuation { continuation in
            Thread { continuation.resume(returning: readLine() != nil) }.start()
        }
    }
}

/// How many frames have come, and when.
private final class Progress: Sendable {
    private struct State {
        var first: Int
        var left: Int
        var began: ContinuousClock.Instant?
        var waiting: CheckedContinuation<Double, Never>?
        var seconds: Double?
    }

    private let state: Mutex<State>

    /// - Parameter first: so many are there before the clock starts.
    init(_ frames: Int, first: Int) {
        state = Mutex(State(first: first, left: frames))
    }

    func tookFrame() {
        state.withLock { state in
            state.first -= 1
            state.left -= 1
            guard state.first <= 0 else { return }
            let began = state.began ?? .now
            state.began = began
            guard state.left <= 0, state.seconds == nil else { return }
            let seconds = (ContinuousClock.now - began) / .seconds(1)
            state.seconds = seconds
            state.waiting?.resume(returning: seconds)
        }
    }

    /// From the first line of frames to the last.
    var seconds: Double {
        get async {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    if let seconds = state.seconds { continuation.resume(returning: seconds) } else { state.waiting = continuation }
                }
            }
        }
    }
}
