import IPAddresses
import NetlinkCodec
import Testing
import WeftTestKit
import WireGuard

@Suite struct WireGuardNetlinkTests {
    private let family = GenericFamily(rawValue: 32)
    private let index = InterfaceIndex(rawValue: 2)

    @Test func resolvesTheFamily() throws {
        let message = try #require(try NetlinkMessage.parse(Golden.wireGuardFamily).first)
        #expect(try GenericFamily(message) == family)
        #expect(
            GenericFamily.resolveRequest(name: "wireguard").encoded(sequence: 1, portID: 2)
                == hex("24000000 1000 0500 01000000 02000000 03 01 0000 0e00 0200 77697265677561726400 0000"))
    }

    @Test func readsADevice() throws {
        var dump = WireGuardDump(family: family)
        for message in try NetlinkMessage.parse(Golden.wireGuardDevice) { try dump.add(message) }
        let first = try #require(WireGuardPublicKey(bytes: Array(1...32)))
        let second = try #require(WireGuardPublicKey(bytes: Array(65...96)))
        #expect(dump.state.listenPort == 10042)
        #expect(dump.state.publicKey?.bytes.first == 0x7a)
        #expect(
            dump.state.peers == [
                first: PeerState(
                    presharedKey: WireGuardPresharedKey(bytes: Array(repeating: 0x55, count: 32)),
                    endpoint: SocketAddress("192.0.2.1:51820"),
                    allowedIPs: [try #require(IPPrefix("10.9.0.0/24")), try #require(IPPrefix("fd00:9::/64"))], keepaliveSeconds: 25),
                second: PeerState(),
            ])
    }

    @Test func mergesAPeerThatGoesOn() throws {
        // The next message names only the key and more allowed IPs; nothing else of the peer may change.
        let more = hex(
            """
            60000000 2000 0200 07000000 7d000000 00010000
            4c00 0880 4800 0080
              2400 0100 0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20
              2000 0980 1c00 0080 05000300 20000000 06000100 02000000 08000200 0a0a0a0a
            """)
        var dump = WireGuardDump(family: family)
        for message in try NetlinkMessage.parse(Golden.wireGuardDevice) + NetlinkMessage.parse(more) { try dump.add(message) }
        let peer = dump.state.peers[try #require(WireGuardPublicKey(bytes: Array(1...32)))]
        #expect(dump.state.peers.count == 2)
        #expect(peer?.allowedIPs.map(\.description).sorted() == ["10.10.10.10/32", "10.9.0.0/24", "fd00:9::/64"])
        #expect(peer?.endpoint == SocketAddress("192.0.2.1:51820"))
        #expect(peer?.keepaliveSeconds == 25)
    }

    @Test(arguments: [NetlinkLimits(peersPerDevice: 1), NetlinkLimits(allowedIPsPerDevice: 1)])
    func refusesMoreThanTheLimits(_ limits: NetlinkLimits) throws {
        var dump = WireGuardDump(family: family, limits: limits)
        let messages = try NetlinkMessage.parse(Golden.wireGuardDevice)
        #expect(throws: NetlinkCodecError.limitExceeded) { for message in messages { try dump.add(message) } }
    }

    @Test func keepsTheOrderOfChanges() throws {
        var random = SeededGenerator(seed: 1)
        let key = try #require(WireGuardPublicKey(bytes: random.bytes(32)))
        let secret = try #require(WireGuardPrivateKey(bytes: random.bytes(32)))
        let changes: [DeviceChange] = [
            .setPeer(PeerChange(publicKey: key)), .setListenPort(1), .setPrivateKey(secret), .removePeer(key),
            .setPeer(PeerChange(publicKey: key)),
            .setListenPort(2),
        ]
        var kernel = FakeKernelDevice()
        for request in WireGuardBatches.requests(for: changes, family: family, index: index) { try kernel.set(request) }
        #expect(kernel.log == ["peer", "port", "key", "remove", "peer", "port"])
        #expect(kernel.listenPort == 2)
        #expect(kernel.privateKey == secret.bytes)
        #expect(WireGuardBatches.requests(for: [], family: family, index: index).isEmpty)
    }

    @Test(arguments: [(1, 1_000), (100, 1_000), (5_000, 40)], [1_024, 32_768, 61_440])
    func splitsAndReassembles(_ size: (peers: Int, allowedIPs: Int), requestBytes: Int) throws {
        var random = SeededGenerator(seed: testSeed("splitsAndReassembles"))
        var expected: [WireGuardPublicKey: PeerState] = [:]
        var changes: [DeviceChange] = []
        for number in 0..<size.peers {
            // Mostly few, now and then the most, so that debug builds are done in seconds.
            let allowedIPs = number % 40 == 0 ? size.allowedIPs : Int.random(in: 1...4, using: &random)
            let (key, peer) = try randomPeer(allowedIPs: allowedIPs, &random)
            expected[key] = peer
            changes.append(.setPeer(peer.change(key)))
        }
        let limits = NetlinkLimits(requestBytes: requestBytes)
        let requests = WireGuardBatches.requests(for: changes, family: family, index: index, limits: limits)
        #expect(requests.allSatisfy { $0.payload.count + NetlinkMessage.headerLength <= requestBytes })
        var kernel = FakeKernelDevice()
        // What was there before is replaced by the first part of a peer and not by those that go on.
        for key in expected.keys { kernel.peers[key] = PeerState(allowedIPs: [try #require(IPPrefix("192.0.2.0/24"))]) }
        for request in requests { try kernel.set(request) }
        #expect(kernel.peers == expected)
        let bytes = requests.reduce(0) { $0 + $1.payload.count }
        #expect(requests.count <= bytes / (requestBytes - 400) + 1)
    }

    @Test func leavesAPeerAloneThatIsGone() throws {
        var random = SeededGenerator(seed: 3)
        let (key, peer) = try randomPeer(allowedIPs: 100, &random)
        let limits = NetlinkLimits(requestBytes: 1_024)
        let requests = WireGuardBatches.requests(for: [.setPeer(peer.change(key))], family: family, index: index, limits: limits)
        var kernel = FakeKernelDevice()
        for request in requests {
            try kernel.set(request)
            kernel.peers = [:]
        }
        #expect(requests.count > 2)
        #expect(kernel.log == ["peer"])
    }

    @Test func holdsRequestsToWhatTheKernelTakes() {
        #expect(NetlinkLimits(requestBytes: 0).requestBytes == 1_024)
        #expect(NetlinkLimits(requestBytes: .max).requestBytes == 61_440)
    }

    @Test func masksHostBits() throws {
        let key = try #require(WireGuardPublicKey(bytes: Array(1...32)))
        let change = PeerChange(publicKey: key, allowedIPs: [try #require(IPPrefix("10.1.2.3/8"))])
        var kernel = FakeKernelDevice()
        for request in WireGuardBatches.requests(for: [.setPeer(change)], family: family, index: index) { try kernel.set(request) }
        #expect(kernel.peers[key]?.allowedIPs.map(\.description) == ["10.0.0.0/8"])
    }

    private func randomPeer(allowedIPs: Int, _ random: inout SeededGenerator) throws -> (WireGuardPublicKey, PeerState) {
        var peer = PeerState(keepaliveSeconds: UInt16.random(in: 0...100, using: &random))
        peer.presharedKey = Bool.random(using: &random) ? WireGuardPresharedKey(bytes: random.bytes(32)) : nil
        let address = try #require(IPAddress(bytes: random.bytes(Bool.random(using: &random) ? 4 : 16)))
        peer.endpoint = Bool.random(using: &random) ? SocketAddress(address, port: UInt16.random(in: 1...65_535, using: &random)) : nil
        while peer.allowedIPs.count < allowedIPs {
            let address = try #require(IPAddress(bytes: random.bytes(Bool.random(using: &random) ? 4 : 16)))
            peer.allowedIPs.insert(IPPrefix(host: address))
        }
        return (try #require(WireGuardPublicKey(bytes: random.bytes(32))), peer)
    }
}

extension PeerState {
    fileprivate func change(_ key: WireGuardPublicKey) -> PeerChange {
        PeerChange(
            publicKey: key, presharedKey: presharedKey, endpoint: endpoint, allowedIPs: allowedIPs, keepaliveSeconds: keepaliveSeconds)
    }
}
