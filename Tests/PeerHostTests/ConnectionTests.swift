import IPAddresses
import Multiformats
import NIOCore
import NIOPosix
import PeerConnection
import PeerHost
import PeerHostTestKit
import Testing

private typealias SocketAddress = IPAddresses.SocketAddress

/// Real hosts on loopback sockets.
@Suite(.timeLimit(.minutes(1))) struct ConnectionTests {
    @Test(arguments: [7, nil] as [UInt8?], [false, true])
    func `two hosts connect, describe themselves, and part`(secret: UInt8?, overTLS: Bool) async throws {
        try await withBench { bench in
            let security = overTLS ? TestBench.tlsAlone : nil
            let first = try bench.host(1, secret: secret, security: security)
            let second = try bench.host(2, secret: secret, security: security)
            let address = try await second.listen()
            #expect(try await first.host.dial(address) == second.peerID)
            #expect(await second.connected(to: first.peerID))
            let description = try #require(await first.description(of: second.peerID))
            #expect(description.agentVersion == "weft/test" && description.listenAddresses == [address.withoutPeerID])
            #expect(await second.description(of: first.peerID) != nil)
            #expect(await first.host.connectedPeers == [second.peerID])
            #expect(await second.host.connectedPeers == [first.peerID])

            await first.host.disconnect(second.peerID)
            #expect(await first.disconnected(from: second.peerID) == .goodbye)
            #expect(await second.disconnected(from: first.peerID) == .goodbye)
            #expect(await second.host.connectedPeers.isEmpty)
        }
    }

    @Test func `new addresses reach those who are connected`() async throws {
        try await withBench { bench in
            let (first, second) = (try bench.host(1), try bench.host(2))
            _ = try await first.host.dial(second.listen())
            #expect(await first.description(of: second.peerID) != nil)
            let announced = try Multiaddr("/ip4/192.0.2.1/tcp/10042")
            await second.host.announce(listenAddresses: [announced])
            let heard = await first.events.has { event in
                if case .identified(second.peerID, let description) = event { description.listenAddresses == [announced] } else { false }
            }
            #expect(heard)
        }
    }

    @Test func `a host that is gone is told as gone`() async throws {
        try await withBench { bench in
            let hosts = try (1...4).map { try bench.host($0) }
            for other in hosts.dropFirst() {
                _ = try await hosts[0].host.dial(other.listen())
                #expect(await other.connected(to: hosts[0].peerID))
            }
            let address = try await hosts[0].listen()
            await hosts[0].host.shutDown()
            for other in hosts.dropFirst() {
                #expect(await other.disconnected(from: hosts[0].peerID) != nil)
                #expect(await hosts[0].disconnected(from: other.peerID) != nil)
                #expect(await other.host.connectedPeers.isEmpty)
            }
            #expect(await hosts[0].host.connectedPeers.isEmpty)
            await #expect(throws: DialError.unreachable(reason: "Connection refused")) { try await hosts[1].host.dial(address) }
        }
    }

    // MARK: Errors, in words

    @Test func `a port in use`() async throws {
        try await withBench { bench in
            let (first, second) = (try bench.host(1), try bench.host(2))
            let address = try #require(try await first.listen().tcpSocketAddress)
            let error = await #expect(throws: ListenError.self) { try await second.host.listen(on: address) }
            #expect(error == .addressInUse(address))
            #expect(error.map { "\($0)" } == "\(address)/tcp is in use by another program")
        }
    }

    @Test func `an address of another machine`() async throws {
        try await withBench { bench in
            let address = try #require(SocketAddress("192.0.2.1:0"))
            let host = try bench.host(1).host
            let error = await #expect(throws: ListenError.self) { try await host.listen(on: address) }
            #expect(error.map { "\($0)" } == "192.0.2.1 is not an address of this machine")
        }
    }

    @Test(arguments: [
        ("/ip4/127.0.0.1/tcp/1", "Connection refused"),
        ("/dns/nothing.invalid/tcp/1", "the host name nothing.invalid is unknown"),
        ("/dns4/localhost/tcp/1", "Connection refused"),
        ("/ip4/127.0.0.1/udp/1", "/ip4/127.0.0.1/udp/1 is of a kind that cannot be dialled"),
    ])
    func `nobody there`(address: String, words: String) async throws {
        try await withBench { bench in
            let host = try bench.host(1).host
            let error = await #expect(throws: DialError.self) { try await host.dial(Multiaddr(address)) }
            #expect(error.map { "\($0)" } == words)
        }
    }

    @Test func `by host name`() async throws {
        try await withBench { bench in
            let (first, second) = (try bench.host(1), try bench.host(2))
            let port = try #require(try await second.listen().tcpSocketAddress?.port)
            #expect(try await first.host.dial(Multiaddr("/dns4/localhost/tcp/\(port)")) == second.peerID)
        }
    }

    @Test func `another secret`() async throws {
        try await withBench { bench in
            let (first, second) = (try bench.host(1), try bench.host(2, secret: 8))
            let address = try await second.listen()
            let error = await #expect(throws: DialError.self) { try await first.host.dial(address) }
            #expect(error == .failed(.otherNetwork) || error == .failed(.closedDuringUpgrade))
            let refused = await second.events.has { event in
                guard case .refused(.loopback, let failure) = event else { return false }
                return failure == .otherNetwork || failure == .closedDuringUpgrade
            }
            #expect(refused)
        }
    }

    @Test func `another peer than expected`() async throws {
        try await withBench { bench in
            let hosts = try (1...3).map { try bench.host($0) }
            let address = try await hosts[1].listen().withoutPeerID
            let failure = DialError.failed(.unexpectedPeer(expected: hosts[2].peerID, found: hosts[1].peerID))
            await #expect(throws: failure) { try await hosts[0].host.dial(address, expecting: hosts[2].peerID) }
            #expect(await hosts[0].host.connectedPeers.isEmpty)
        }
    }

    @Test func `our own address`() async throws {
        try await withBench { bench in
            let ours = try bench.host(1)
            let address = try await ours.listen()
            await #expect(throws: DialError.isOwnAddress) { try await ours.host.dial(address) }
            await #expect(throws: DialError.isOwnAddress) { try await ours.host.dial(address.withoutPeerID) }
            #expect(await ours.host.connectedPeers.isEmpty)
            #expect(!ours.events.all.contains { if case .connected = $0 { true } else { false } })
        }
    }

    // MARK: Limits

    /// Connections that say nothing, from outside any host.
    private func silentConnections(_ count: Int, to address: Multiaddr, _ body: ([any Channel]) async throws -> Void) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let port = Int(address.tcpSocketAddress?.port ?? 0)
        var channels: [any Channel] = []
        for _ in 0..<count { channels.append(try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: port).get()) }
        try await body(channels)
        for channel in channels { try? await channel.close() }
        try await group.shutdownGracefully()
    }

    @Test func `connections that prove nothing are limited`() async throws {
        var limits = PeerHostLimits()
        limits.maximumPendingInbound = 3
        try await withBench { bench in
            let (ours, other) = (try bench.host(1, limits: limits), try bench.host(2))
            let address = try await ours.listen()
            try await silentConnections(3, to: address) { channels in
                let error = await #expect(throws: DialError.self) { try await other.host.dial(address) }
                #expect(error == .failed(.closedDuringUpgrade))
                #expect(channels.allSatisfy { $0.isActive })
                try await channels[0].close()
                let refused = await ours.events.has { if case .refused(.loopback, .closedDuringUpgrade) = $0 { true } else { false } }
                #expect(refused)
                #expect(try await other.host.dial(address) == ours.peerID)
            }
        }
    }

    @Test func `who dials anew has lost the old connection`() async throws {
        var limits = PeerHostLimits()
        limits.crossingDials = .zero
        try await withBench { bench in
            let (ours, other) = (try bench.host(1, limits: limits), try bench.host(2))
            let address = try await ours.listen()
            _ = try await other.host.dial(address)
            _ = try await other.host.dial(address)
            let meetsAgain = await ours.events.has(2) { if case .connected = $0 { true } else { false } }
            #expect(meetsAgain)
            #expect(await ours.disconnected(from: other.peerID) == .goodbye)
            #expect(await ours.host.connectionCount == 1)
        }
    }

    /// Of two connections one is closed, and what was on its way there may be lost: both have to know.
    @Test func `that messages take another connection is told`() async throws {
        try await withBench { bench in
            let (ours, other) = (try bench.host(1), try bench.host(2))
            let address = try await ours.listen()
            _ = try await other.host.dial(address)
            _ = try await other.host.dial(address)
            for (host, peer) in [(ours, other.peerID), (other, ours.peerID)] {
                let isTold = await host.events.has { if case .pathsChanged(peer) = $0 { true } else { false } }
                #expect(isTold)
                #expect(await host.host.connectionCount == 1)
            }
        }
    }

    @Test func `connections are limited`() async throws {
        var limits = PeerHostLimits()
        limits.maximumConnections = 2
        try await withBench { bench in
            let ours = try bench.host(1, limits: limits)
            let others = try (2...4).map { try bench.host($0) }
            let address = try await ours.listen()
            for other in others.prefix(2) { _ = try await other.host.dial(address) }
            await #expect(throws: DialError.failed(.closedDuringUpgrade)) { try await others[2].host.dial(address) }
            await others[0].host.disconnect(ours.peerID)
            #expect(await ours.disconnected(from: others[0].peerID) != nil)
            #expect(try await others[2].host.dial(address) == ours.peerID)
        }
    }

    /// The one that reads nothing is; another one, of whom little is kept, is not.
    @Test func `of all, who makes us keep most is given up when it is too much`() async throws {
        var limits = PeerHostLimits()
        limits.maximumHeldBytes = 1 << 20
        try await withBench { bench in
            let ours = try bench.host(1, messageProtocols: [frames], limits: limits)
            let others = try (2...3).map { try bench.host($0, messageProtocols: [frames]) }
            for other in others { _ = try await ours.host.dial(other.listen()) }
            await others[0].stalled {
                for _ in 0..<400 { await ours.host.send([UInt8](repeating: 1, count: 60 << 10), by: frames, to: others[0].peerID) }
                #expect(await ours.disconnected(from: others[0].peerID) == .tooCostly)
            }
            #expect(await ours.host.connectedPeers == [others[1].peerID])
        }
    }

    /// What TLS keeps for a session counts.
    @Test func `there are no more connections by TLS than there is memory for`() async throws {
        var limits = PeerHostLimits()
        limits.maximumHeldBytes = 250 << 10
        try await withBench { bench in
            let ours = try bench.host(1, limits: limits)
            let address = try await ours.listen()
            let others = try (2...4).map { try bench.host($0, security: TestBench.tlsAlone) }
            for other in others { _ = try await other.host.dial(address) }
            #expect(await ours.disconnected(from: others[2].peerID) == .tooCostly)
            #expect(await Set(ours.host.connectedPeers) == Set(others.prefix(2).map(\.peerID)))
        }
    }

    @Test func `a silent connection is probed as often as it says before the kernel gives it up`() {
        let limits = PeerHostLimits()
        let lastProbe = limits.tcpKeepAliveIdleSeconds + limits.tcpKeepAliveIntervalSeconds * (limits.tcpKeepAliveCount - 1)
        #expect(.seconds(lastProbe) < limits.tcpUserTimeout)
        #expect(.seconds(lastProbe + limits.tcpKeepAliveIntervalSeconds) <= limits.tcpUserTimeout)
    }

    @Test func `a peer that leaves what we send unread is given up`() async throws {
        var limits = PeerHostLimits()
        limits.stalledWriteTimeout = .milliseconds(300)
        limits.maximumHeldBytes = .max
        try await withBench { bench in
            let ours = try bench.host(1, messageProtocols: [frames], limits: limits)
            let other = try bench.host(2, messageProtocols: [frames])
            _ = try await ours.host.dial(other.listen())
            await other.stalled {
                for _ in 0..<400 { await ours.host.send([UInt8](repeating: 1, count: 60 << 10), by: frames, to: other.peerID) }
                #expect(await ours.disconnected(from: other.peerID) == .tooSlow)
            }
        }
    }
}

let frames = MessageProtocol(ids: ["/test/frames/1"], maximumFrameBytes: 64 << 10, opensAtOnce: false)
