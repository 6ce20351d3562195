import AutoNAT
import IPAddresses
import Multiformats
import PeerConnection
import PeerHost
import PeerHostTestKit
import Testing

/// Hosts that dial each other back, on loopback.
@Suite(.timeLimit(.minutes(1))) struct AutoNATTests {
    private static var configuration: AutoNATConfiguration {
        var configuration = AutoNATConfiguration()
        configuration.allowsLoopback = true
        configuration.firstDelay = .milliseconds(20)
        configuration.retryInterval = .milliseconds(50)
        configuration.confirmInterval = .milliseconds(50)
        configuration.dialTimeout = .milliseconds(500)
        return configuration
    }

    private func hosts(_ bench: TestBench, _ count: UInt8 = 2) throws -> [TestHost] {
        try (1...count).map { try bench.host($0, autoNAT: Self.configuration) }
    }

    private func expect(_ status: NATStatus, at host: TestHost) async {
        let isTold = await host.events.has { if case .reachability(status) = $0 { true } else { false } }
        #expect(isTold)
    }

    private func place(_ addresses: Multiaddr..., port: UInt16 = 9) -> OwnPlace {
        OwnPlace(port: port, addresses: addresses.compactMap(\.tcpSocketAddress), networks: [])
    }

    /// Whom a host has had to do with.
    private func acquaintances(_ host: TestHost) -> Set<PeerID> {
        Set(host.events.all.compactMap { if case .connected(let peer, _) = $0 { peer } else { nil } })
    }

    private func refusals(_ host: TestHost) -> Int {
        host.events.all.count { if case .refused = $0 { true } else { false } }
    }

    @Test func `a host that can be dialled learns it, and nobody notices`() async throws {
        try await withBench { bench in
            let all = try hosts(bench, 3)
            let own = try await all[0].listen()
            for other in all.dropFirst() { _ = try await all[0].host.dial(other.listen()) }
            await all[0].host.checkReachability(at: place(own))
            await expect(.reachable, at: all[0])
            try await Task.sleep(for: .milliseconds(500))  // three more questions, and what may come of them
            #expect(acquaintances(all[0]) == Set(all.dropFirst().map(\.peerID)))
            for host in all {
                #expect(refusals(host) == 0 && acquaintances(host).count <= 2)
                let hasEnded = host.events.all.contains { if case .disconnected = $0 { true } else { false } }
                #expect(!hasEnded)
                #expect(await host.host.connectionCount == host.host.connectedPeers.count)
            }
        }
    }

    @Test func `a host that nobody can dial learns that`() async throws {
        try await withBench { bench in
            let all = try hosts(bench)
            let own = try await all[0].listen()
            _ = try await all[0].host.dial(all[1].listen())
            // Nobody listens there; and there, somebody else does.
            let other = try await bench.host(9).listen()
            await all[0].host.checkReachability(at: place(other))
            await expect(.unreachable, at: all[0])
            await all[0].host.checkReachability(at: place(own))
            await expect(.unknown, at: all[0])
            await expect(.reachable, at: all[0])
        }
    }

    @Test func `whoever comes meanwhile from where the asked peer is, is let in`() async throws {
        try await withBench { bench in
            var patient = Self.configuration
            patient.dialTimeout = .seconds(5)
            let ours = try bench.host(1, autoNAT: patient)
            let asked = try bench.host(2, autoNAT: patient)
            let (own, stranger) = (try await ours.listen(), try bench.host(3))
            _ = try await ours.host.dial(asked.listen())
            let deaf = try await DeafListener.start()
            await ours.host.checkReachability(at: place(Multiaddr(tcp: deaf.address)))
            let isAsking = await waitFor { deaf.connections > 0 ? true : nil }
            #expect(isAsking == true)
            _ = try await stranger.host.dial(own)
            #expect(await ours.connected(to: stranger.peerID))
            #expect(await ours.description(of: stranger.peerID) != nil)
            #expect(!ours.events.all.contains { if case .reachability = $0 { true } else { false } }, "the question is still open")
            try await deaf.stop()
        }
    }

    @Test func `who does not take part is not asked, and does not answer`() async throws {
        try await withBench { bench in
            let (ours, other) = (try bench.host(1, autoNAT: Self.configuration), try bench.host(2))
            let own = try await ours.listen()
            _ = try await ours.host.dial(other.listen())
            await ours.host.checkReachability(at: place(own))
            #expect(await other.description(of: ours.peerID)?.protocols.contains(AutoNATMessage.protocolID) == true)
            #expect(await ours.description(of: other.peerID)?.protocols.contains(AutoNATMessage.protocolID) == false)
        }
    }

    /// By hand, as a hostile peer would.
    @Test func `nothing is dialled for others`() async throws {
        try await withBench { bench in
            let (asking, server) = (try bench.host(1), try bench.host(2, autoNAT: Self.configuration))
            _ = try await asking.host.dial(server.listen())
            let asked = RequestProtocol(AutoNATMessage.protocolID, maximumRequestBytes: 100_000, maximumResponseBytes: 4_096)
            func ask(_ bytes: [UInt8]) async throws -> AutoNATMessage {
                try AutoNATMessage(try await asking.host.ask(bytes, by: asked, of: server.peerID))
            }
            let deaf = try await DeafListener.start()
            let foreign = try (1...200).map { try Multiaddr("/ip4/10.0.0.\($0)/tcp/1") }
            #expect(
                try await ask(AutoNATMessage.dial(DialRequest(peer: asking.peerID, addresses: foreign)).encoded)
                    == .response(DialResponse(.dialRefused)))
            let inAnothersName = DialRequest(peer: server.peerID, addresses: [Multiaddr(tcp: deaf.address)])
            #expect(try await ask(AutoNATMessage.dial(inAnothersName).encoded) == .response(DialResponse(.badRequest)))
            #expect(try await ask([1, 2, 3]) == .response(DialResponse(.badRequest)))
            let thousands = DialRequest(peer: asking.peerID, addresses: (0..<5_000).map { _ in Multiaddr(tcp: deaf.address) })
            await #expect(throws: AskError.failed(.refused)) { _ = try await ask(AutoNATMessage.dial(thousands).encoded) }
            #expect(deaf.connections == 0)
            let own = DialRequest(peer: asking.peerID, addresses: (0..<300).map { _ in Multiaddr(tcp: deaf.address) })
            #expect(try await ask(AutoNATMessage.dial(own).encoded) == .response(DialResponse(.dialError)))
            #expect(deaf.connections == 1)
            try await deaf.stop()
        }
    }
}
