import AutoNAT
import LoopRuntime
import Multiformats
import NIOPosix
import PeerConnection
import PeerHost
import SecureChannel
import Synchronization
import TLSChannel

/// The hosts of one test, all of which end with it.
package final class TestBench: Sendable {
    private let running = Mutex<[(host: TestHost, group: MultiThreadedEventLoopGroup)]>([])

    /// Makes a host of which only what matters is told.
    ///
    /// - Parameters:
    ///   - index: chooses its identity.
    ///   - secret: the one byte that makes up its network's key; `nil`: no private network.
    ///   - security: what it speaks; both protocols if `nil`, as a node does.
    ///   - configure: sets what else matters.
    package func host(
        _ index: UInt8, secret: UInt8? = 7, security: [any SecurityProtocol]? = nil, messageProtocols: [MessageProtocol] = [],
        requestProtocols: [RequestProtocol] = [], limits: PeerHostLimits = PeerHostLimits(), autoNAT: AutoNATConfiguration? = nil,
        _ configure: (inout PeerHostConfiguration) -> Void = { _ in }
    ) throws -> TestHost {
        var configuration = PeerHostConfiguration(
            identity: try Identity(seed: [UInt8](repeating: index, count: Identity.seedLength)),
            networkKey: secret.flatMap { PrivateNetworkKey(bytes: Self.networkKey($0)) },
            security: security ?? [NoiseSecurity()] + Self.tlsAlone,
            messageProtocols: messageProtocols, requestProtocols: requestProtocols, agentVersion: "weft/test", limits: limits,
            autoNAT: autoNAT)
        configure(&configuration)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let events = EventLog<PeerHostEvent>()
        let host = PeerHost(configuration: configuration, executor: LoopExecutor(group.next())) { events.append($0) }
        let made = TestHost(host: host, events: events)
        running.withLock { $0.append((made, group)) }
        return made
    }

    package static var tlsAlone: [any SecurityProtocol] { [TLSSecurity(unixSeconds: WallClock.seconds)] }

    package static func networkKey(_ byte: UInt8) -> [UInt8] {
        [UInt8](repeating: byte, count: PrivateNetworkKey.byteCount)
    }

    fileprivate func close() async throws {
        let all = running.withLock { running in
            defer { running = [] }
            return running
        }
        for (host, group) in all {
            await host.host.shutDown()
            try await group.shutdownGracefully()
        }
    }
}

/// Runs a test with a bench, which is cleared away also when it fails.
package func withBench(_ body: (TestBench) async throws -> Void) async throws {
    let bench = TestBench()
    do {
        try await body(bench)
    } catch {
        try await bench.close()
        throw error
    }
    try await bench.close()
}
