import IPAddresses
import NetlinkCodec
import Testing
import WeftTestKit
import WireGuard

@testable import LinuxNetwork

@Suite(
    .enabled("needs root and a kernel with WireGuard", { await Machine.hasKernelWireGuard() }), .serialized)
struct KernelWireGuardTests {
    @Test func setsUpADevice() async throws {
        try await withNetworkNamespace { network in
            let device = try await KernelWireGuardDevice.create(interface: "weft0", network: network)
            #expect(try await network.link(named: "weft0")?.kind == "wireguard")
            #expect(try await device.observe() == DeviceState())
            var random = SeededGenerator(seed: 1)
            let secret = try #require(WireGuardPrivateKey(bytes: random.bytes(32)))
            let peer = PeerChange(
                publicKey: try #require(WireGuardPublicKey(bytes: random.bytes(32))),
                presharedKey: WireGuardPresharedKey(bytes: random.bytes(32)), endpoint: SocketAddress("192.0.2.1:51820"),
                allowedIPs: [try #require(IPPrefix("10.9.0.0/24")), try #require(IPPrefix("fd00:9::/64"))], keepaliveSeconds: 25)
            try await device.apply([.setPrivateKey(secret), .setListenPort(10_042), .setPeer(peer)])
            try await network.setUp(device.index)
            try await network.addAddress(try #require(IPPrefix("10.9.0.1/24")), to: device.index)
            try await network.addAddress(try #require(IPPrefix("fd00:9::1/64")), to: device.index)
            #expect(try await network.addresses().filter { $0.interface == device.index }.allSatisfy { !$0.isTentative })
            var expected = DeviceState(listenPort: 10_042)
            expected.peers[peer.publicKey] = PeerState(
                presharedKey: peer.presharedKey, endpoint: peer.endpoint, allowedIPs: peer.allowedIPs ?? [], keepaliveSeconds: 25)
            var observed = try await device.observe()
            #expect(observed.publicKey != nil)
            expected.publicKey = observed.publicKey
            // With a keepalive and an interface that is up, a handshake has been tried by now.
            observed.peers[peer.publicKey]?.sentBytes = 0
            #expect(observed == expected)
            let endpoint = try #require(SocketAddress("[2001:db8::1]:9"))
            try await device.apply([
                .setPeer(PeerChange(publicKey: peer.publicKey, endpoint: endpoint, allowedIPs: [], keepaliveSeconds: 0))
            ])
            let changed = try #require(try await device.observe().peers[peer.publicKey])
            #expect(changed.endpoint == endpoint && changed.allowedIPs.isEmpty && changed.keepaliveSeconds == 0)
            #expect(changed.presharedKey == peer.presharedKey)
            try await device.apply([.removePeer(peer.publicKey)])
            #expect(try await device.observe().peers.isEmpty)
            await device.remove()
            await device.remove()
            #expect(try await network.link(named: "weft0") == nil)
        }
    }

    @Test func tellsThatTheDeviceIsGone() async throws {
        try await withNetworkNamespace { network in
            let device = try await KernelWireGuardDevice.create(interface: "weft0", network: network)
            do throws(LinuxNetworkError) {
                _ = try await KernelWireGuardDevice.create(interface: "weft0", network: network)
                Issue.record("created twice")
            } catch {
                #expect(error.kind == .nameTaken(owner: "wireguard"))
            }
            let same = try await KernelWireGuardDevice.open(interface: "weft0", network: network)
            #expect(same.index == device.index)
            try await network.deleteLink(device.index)
            for call in [{ _ = try await device.observe() }, { try await device.apply([.setListenPort(9)]) }]
                as [@Sendable () async throws -> Void]
            {
                do {
                    try await call()
                    Issue.record("it is gone")
                } catch let error as LinuxNetworkError {
                    #expect(error.kind == .noSuchInterface)
                }
            }
        }
    }

    @Test func tellsThatThePortIsInUse() async throws {
        try await withNetworkNamespace { network in
            let first = try await KernelWireGuardDevice.create(interface: "weft0", network: network)
            let second = try await KernelWireGuardDevice.create(interface: "weft1", network: network)
            for device in [first, second] { try await network.setUp(device.index) }
            try await first.apply([.setListenPort(10_042)])
            do throws(LinuxNetworkError) {
                try await second.apply([.setListenPort(10_042)])
                Issue.record("two on one port")
            } catch {
                #expect(error.kind == .portInUse)
            }
        }
    }

    @Test func holdsThreeThousandPeers() async throws {
        try await withNetworkNamespace { network in
            let device = try await KernelWireGuardDevice.create(interface: "weft0", network: network)
            var random = SeededGenerator(seed: testSeed("holdsThreeThousandPeers"))
            var expected: [WireGuardPublicKey: PeerState] = [:]
            var changes: [DeviceChange] = []
            for number in 0..<3_000 {
                let key = try #require(WireGuardPublicKey(bytes: random.bytes(32)))
                // One peer in a thousand has more allowed IPs than a message of the kernel's dump holds.
                let count = number % 1_000 == 0 ? 2_000 : 2
                let peer = PeerState(
                    presharedKey: WireGuardPresharedKey(bytes: random.bytes(32)), endpoint: SocketAddress("192.0.2.1:51820"),
                    allowedIPs: try Self.hosts(of: number, count: count), keepaliveSeconds: 0)
                expected[key] = peer
                changes.append(
                    .setPeer(
                        PeerChange(
                            publicKey: key, presharedKey: peer.presharedKey, endpoint: peer.endpoint, allowedIPs: peer.allowedIPs,
                            keepaliveSeconds: peer.keepaliveSeconds)))
            }
            try await device.apply(changes)
            let observed = try await device.observe()
            #expect(observed.peers.count == 3_000)
            #expect(observed.peers == expected)
            try await device.apply(expected.keys.sorted().dropFirst().map { .removePeer($0) })
            #expect(try await device.observe().peers.count == 1)
        }
    }

    /// Addresses that no other peer has: IPv4 and IPv6 in turn.
    private static func hosts(of peer: Int, count: Int) throws -> Set<IPPrefix> {
        var hosts: Set<IPPrefix> = []
        for number in 0..<count {
            let value = UInt128(peer) << 12 | UInt128(number)
            let isIPv4 = number.isMultiple(of: 2)
            let address = IPAddress(family: isIPv4 ? .ipv4 : .ipv6, value: isIPv4 ? 0x0a00_0000 + value : 0xfd << 120 + value)
            hosts.insert(IPPrefix(host: address))
        }
        return hosts
    }
}
