import IPAddresses
import Multiformats
import Testing
import Timeline
import WeftTestKit
import WireGuard

@testable import Mesh

@Suite struct PlanningTests {
    private let now: Int64 = 1_800_000_000

    private func facts() throws -> LocalFacts {
        let key = try #require(WireGuardPrivateKey(bytes: [UInt8](repeating: 0xab, count: 32)))
        return LocalFacts(interface: "weft0", privateKey: key, listenPort: 10042, mtu: 1420)
    }

    private func desired(_ membership: Membership) throws -> DesiredNetwork? {
        var keys = PresharedKeys(secret: secret(), ownKey: wireguardKey(0))
        return Mesh.desired(membership, facts: try facts(), &keys)
    }

    @Test func desiredFollowsTheMembership() throws {
        var membership = try membership(0)
        #expect(try desired(membership) == nil)
        membership.setOwn(try record(0), now: .origin)
        for number in 1...3 { _ = membership.merge(try record(number), age: .zero, now: .origin) }
        _ = membership.merge(try record(4) { $0.hasLeft = true }, age: .zero, now: .origin)
        let network = try #require(try desired(membership))
        #expect(network.addresses == [prefix("10.42.0.1/32")])
        #expect(network.routes == [prefix("10.42.0.0/16"), prefix("fd00:1:2:3::/64")])
        #expect(Set(network.peers.keys) == Set((1...3).map(wireguardKey)))
        let peer = try #require(network.peers[wireguardKey(2)])
        #expect(peer.allowedIPs == [prefix("10.42.0.3/32")])
        #expect(peer.endpoint == endpoint("192.0.2.1:10042"))
        #expect(peer.presharedKey == secret().presharedKey(between: wireguardKey(0), and: wireguardKey(2)))
    }

    @Test func anAddressBelongsToOnePeerAndAKeyToOneMember() throws {
        var membership = try membership(0)
        membership.setOwn(try record(0), now: .origin)
        let contested = AddressClaim(address: address("10.42.9.9"), claimedAtMillis: 5)
        let older = AddressClaim(address: address("10.42.9.9"), claimedAtMillis: 4)
        _ = membership.merge(try record(1) { $0.addresses = [contested] }, age: .zero, now: .origin)
        _ = membership.merge(try record(2) { $0.addresses = [older] }, age: .zero, now: .origin)
        for (number, since) in [(3, 8), (4, 7)] {
            let copied = try record(number) { record in
                record.wireguardKey = wireguardKey(33)
                record.nameClaimedAtMillis = UInt64(since)
            }
            _ = membership.merge(copied, age: .zero, now: .origin)
        }
        _ = membership.merge(try record(5) { $0.wireguardKey = wireguardKey(0) }, age: .zero, now: .origin)
        let peers = try #require(try desired(membership)).peers
        #expect(peers[wireguardKey(1)]?.allowedIPs == [])
        #expect(peers[wireguardKey(2)]?.allowedIPs == [prefix("10.42.9.9/32")])
        #expect(peers[wireguardKey(33)]?.allowedIPs == [prefix("10.42.0.5/32")])
        #expect(peers.count == 3)
    }

    @Test func aSecondPlanIsEmpty() throws {
        var generator = SeededGenerator(seed: testSeed("aSecondPlanIsEmpty"))
        for _ in 0..<1000 {
            let desired = try randomDesired(&generator)
            var kernel = FakeKernel(observed: randomObserved(&generator), ownKey: desired.publicKey)
            kernel.apply(plan(desired: desired, observed: kernel.observed, nowUnixSeconds: now))
            let second = plan(desired: desired, observed: kernel.observed, nowUnixSeconds: now)
            #expect(second.isEmpty, "\(second)")
            #expect(kernel.observed.device?.peers.mapValues(\.allowedIPs) == desired.peers.mapValues(\.allowedIPs))
            let linkLocal = kernel.observed.addresses.filter { $0.address.isLinkLocal }
            #expect(kernel.observed.addresses.subtracting(linkLocal) == Set(desired.addresses))
        }
    }

    private func randomDesired(_ generator: inout SeededGenerator) throws -> DesiredNetwork {
        var peers: [WireGuardPublicKey: DesiredPeer] = [:]
        var free = (1...12).map { prefix("10.42.0.\($0)/32") }.shuffled(using: &generator)
        for number in (1...6).shuffled(using: &generator).prefix(Int.random(in: 0...6, using: &generator)) {
            let key = try #require(WireGuardPresharedKey(bytes: [UInt8](repeating: UInt8(number), count: 32)))
            let endpoint = Bool.random(using: &generator) ? endpoint("192.0.2.\(number):1") : nil
            let allowed = Set((0..<Int.random(in: 0...2, using: &generator)).compactMap { _ in free.popLast() })
            peers[wireguardKey(number)] = DesiredPeer(presharedKey: key, endpoint: endpoint, allowedIPs: allowed, keepaliveSeconds: 25)
        }
        let facts = try facts()
        return DesiredNetwork(
            interface: "weft0", privateKey: facts.privateKey, publicKey: wireguardKey(0), listenPort: 10042, mtu: 1420,
            addresses: [prefix("10.42.0.99/32"), prefix("fd00::1/128")], routes: [prefix("10.42.0.0/16"), prefix("fd00::/64")], peers: peers
        )
    }

    private func randomObserved(_ generator: inout SeededGenerator) -> ObservedNetwork {
        guard Int.random(in: 0..<8, using: &generator) > 0 else { return ObservedNetwork() }
        var device = DeviceState(
            publicKey: [nil, wireguardKey(0), wireguardKey(7)].randomElement(using: &generator) ?? nil, listenPort: 10042)
        var free = (1...12).map { prefix("10.42.0.\($0)/32") }.shuffled(using: &generator)
        for number in (1...9).shuffled(using: &generator).prefix(Int.random(in: 0...9, using: &generator)) {
            var peer = PeerState(keepaliveSeconds: Bool.random(using: &generator) ? 25 : 0)
            peer.presharedKey =
                Bool.random(using: &generator) ? WireGuardPresharedKey(bytes: [UInt8](repeating: UInt8(number), count: 32)) : nil
            peer.endpoint = Bool.random(using: &generator) ? endpoint("198.51.100.\(number):1") : nil
            peer.lastHandshake = Bool.random(using: &generator) ? now - Int64.random(in: 0...400, using: &generator) : nil
            peer.allowedIPs = Set((0..<Int.random(in: 0...2, using: &generator)).compactMap { _ in free.popLast() })
            device.peers[wireguardKey(number)] = peer
        }
        let addresses = ["10.42.0.99/32", "fd00::1/128", "10.9.9.9/8", "fe80::1/64", "fd00::2/64"].map(prefix)
        let routes = ["10.42.0.0/16", "fd00::/64", "10.0.0.0/8", "fe80::/64"].map(prefix)
        return ObservedNetwork(
            link: ObservedNetwork.Link(mtu: Bool.random(using: &generator) ? 1420 : 1500, isUp: Bool.random(using: &generator)),
            addresses: Set(addresses.filter { _ in Bool.random(using: &generator) }),
            routes: Set(
                routes.filter { _ in Bool.random(using: &generator) }
                    .map { ObservedNetwork.Route($0, isKernelMade: Bool.random(using: &generator)) }),
            device: Bool.random(using: &generator) ? device : nil)
    }

    @Test func aLiveEndpointIsLeftAlone() throws {
        var generator = SeededGenerator(seed: 5)
        var desired = try randomDesired(&generator)
        let key = try #require(WireGuardPresharedKey(bytes: [UInt8](repeating: 1, count: 32)))
        let wanted = endpoint("192.0.2.1:1")
        desired.peers = [wireguardKey(1): DesiredPeer(presharedKey: key, endpoint: wanted, allowedIPs: [], keepaliveSeconds: 0)]
        func moved(from current: SocketAddress?, handshake: Int64?) -> SocketAddress? {
            let peer = PeerState(presharedKey: key, endpoint: current, lastHandshake: handshake)
            let device = DeviceState(publicKey: desired.publicKey, listenPort: 10042, peers: [wireguardKey(1): peer])
            let observed = ObservedNetwork(link: ObservedNetwork.Link(mtu: 1420, isUp: true), device: device)
            for case .device(let changes) in plan(desired: desired, observed: observed, nowUnixSeconds: now).changes {
                for case .setPeer(let change) in changes { return change.endpoint }
            }
            return nil
        }
        let roamed = endpoint("203.0.113.7:999")
        #expect(moved(from: roamed, handshake: now - freshHandshakeSeconds + 1) == nil)
        #expect(moved(from: roamed, handshake: now - freshHandshakeSeconds) == wanted)
        #expect(moved(from: roamed, handshake: nil) == wanted)
        #expect(moved(from: roamed, handshake: now + 10) == nil)
        #expect(moved(from: roamed, handshake: .min) == wanted)
        #expect(moved(from: nil, handshake: now) == wanted)
        #expect(moved(from: wanted, handshake: nil) == nil)
        desired.peers[wireguardKey(1)]?.retiredEndpoints = [roamed]
        #expect(moved(from: roamed, handshake: now) == wanted, "it says that it has left")
        #expect(moved(from: endpoint("203.0.113.7:998"), handshake: now) == nil)
    }

    @Test func endpointsThatARecordNamesNoMoreAreRetired() throws {
        var membership = try membership()
        func retired(_ sequence: UInt64, _ endpoints: [SocketAddress]) throws -> [SocketAddress]? {
            let record = try record(1, sequence: sequence) { $0.endpoints = endpoints }
            _ = membership.merge(record, age: .zero, now: .origin)
            return membership[record.record.peer]?.retiredEndpoints
        }
        let places = (1...20).map { endpoint("192.0.2.\($0):1") }
        #expect(try retired(1, [places[0], places[1]]) == [])
        #expect(try retired(2, [places[1], places[2]]) == [places[0]])
        #expect(try retired(3, [places[0]]) == [places[1], places[2]])
        for (number, place) in places.enumerated() { _ = try retired(UInt64(number) + 4, [place]) }
        #expect(try retired(99, [])?.count == RecordLimits.maximumEndpoints)
    }

    @Test func plansPrintWithoutSecrets() throws {
        var generator = SeededGenerator(seed: 6)
        let text = plan(desired: try randomDesired(&generator), observed: ObservedNetwork(), nowUnixSeconds: now).description
        #expect(text.hasPrefix("create interface weft0\n"))
        #expect(text.contains("set private key\n") && text.hasSuffix("set interface up\nadd route 10.42.0.0/16\nadd route fd00::/64"))
        #expect(!text.contains("171") && !text.contains("q6ur"))
    }

    @Test func goneMembersAreRemovedFirst() throws {
        var generator = SeededGenerator(seed: 7)
        let desired = try randomDesired(&generator)
        let device = DeviceState(peers: [wireguardKey(8): PeerState(allowedIPs: [prefix("10.42.0.1/32")])])
        let observed = ObservedNetwork(link: ObservedNetwork.Link(mtu: 1420, isUp: true), device: device)
        guard case .device(let changes)? = plan(desired: desired, observed: observed, nowUnixSeconds: now).changes.first else {
            Issue.record("no change of the device")
            return
        }
        #expect(changes.first == .removePeer(wireguardKey(8)))
    }
}

@Suite struct EndpointSelectionTests {
    private func chosen(
        _ endpoints: [String], connectedFrom: String? = nil, attached: [String] = [], ipv4: Bool = true, ipv6: Bool = true
    ) throws -> String? {
        let key = try #require(WireGuardPrivateKey(bytes: [UInt8](repeating: 1, count: 32)))
        let facts = LocalFacts(
            interface: "weft0", privateKey: key, listenPort: 1, mtu: 1420, attachedNetworks: attached.map(prefix),
            hasIPv4Route: ipv4, hasGlobalIPv6Route: ipv6)
        let selection = EndpointSelection(overlay: try overlay("10.42.0.0/16", "fd00::/64"), facts: facts)
        let record = try record(1) { $0.endpoints = endpoints.map(endpoint) }.record
        return selection.endpoint(for: record, connectedFrom: connectedFrom.map(address))?.description
    }

    @Test func whereWeAreConnectedComesFirst() throws {
        #expect(try chosen(["8.8.8.8:1", "9.9.9.9:2"], connectedFrom: "9.9.9.9") == "9.9.9.9:2")
        #expect(try chosen(["8.8.8.8:1"], connectedFrom: "9.9.9.9") == "9.9.9.9:10042")
        #expect(try chosen(["8.8.8.8:1"], connectedFrom: "::ffff:9.9.9.9") == "9.9.9.9:10042")
        #expect(try chosen([], connectedFrom: "9.9.9.9") == "9.9.9.9:10042")
    }

    @Test func neverInsideTheOverlay() throws {
        #expect(try chosen(["10.42.0.1:1", "[fd00::1]:1"]) == nil)
        #expect(try chosen(["10.42.0.1:1", "8.8.8.8:1"], connectedFrom: "10.42.0.1", attached: ["10.42.0.0/16"]) == "8.8.8.8:1")
        #expect(try chosen(["8.8.8.8:1"], connectedFrom: "127.0.0.1") == "8.8.8.8:1")
        #expect(try chosen(["8.8.8.8:1"], connectedFrom: "fe80::1") == "8.8.8.8:1")
    }

    @Test func theNearestNetworkThenTheWidestReach() throws {
        let all = ["10.1.1.1:1", "192.168.1.5:1", "8.8.8.8:1", "9.9.9.9:1", "[2001:db8::1]:1", "[2001:db8::2]:1"]
        #expect(try chosen(all, attached: ["192.168.0.0/16", "10.1.1.0/24"]) == "10.1.1.1:1")
        #expect(try chosen(all) == "[2001:db8::1]:1")
        #expect(try chosen(all, ipv6: false) == "8.8.8.8:1")
        #expect(try chosen(Array(all.prefix(2))) == "10.1.1.1:1")
        #expect(try chosen(all, ipv4: false, ipv6: false) == nil)
        #expect(try chosen(["[2001:db8::1]:1"], ipv6: false) == nil)
    }
}

/// Takes changes as Linux does: an allowed IP moves from the peer that had it.
struct FakeKernel {
    var observed: ObservedNetwork
    let ownKey: WireGuardPublicKey

    mutating func apply(_ plan: NetworkPlan) {
        for change in plan.changes {
            switch change {
            case .createInterface:
                observed = ObservedNetwork(link: ObservedNetwork.Link(mtu: 1500, isUp: false), device: DeviceState())
            case .device(let changes): for change in changes { apply(change) }
            case .setMTU(let mtu): observed.link?.mtu = mtu
            case .removeAddress(let prefix): observed.addresses.remove(prefix)
            case .addAddress(let prefix): observed.addresses.insert(prefix)
            case .setUp: observed.link?.isUp = true
            case .removeRoute(let prefix): observed.routes.remove(ObservedNetwork.Route(prefix))
            case .addRoute(let prefix):
                precondition(observed.link?.isUp == true, "a route needs an interface that is up")
                observed.routes.insert(ObservedNetwork.Route(prefix))
            }
        }
    }

    private mutating func apply(_ change: DeviceChange) {
        var device = observed.device ?? DeviceState()
        switch change {
        case .setPrivateKey: device.publicKey = ownKey
        case .setListenPort(let port): device.listenPort = port
        case .removePeer(let key): device.peers[key] = nil
        case .setPeer(let change):
            var peer = device.peers[change.publicKey] ?? PeerState()
            peer.presharedKey = change.presharedKey ?? peer.presharedKey
            peer.endpoint = change.endpoint ?? peer.endpoint
            peer.keepaliveSeconds = change.keepaliveSeconds ?? peer.keepaliveSeconds
            if let allowed = change.allowedIPs {
                for key in device.peers.keys { device.peers[key]?.allowedIPs.subtract(allowed) }
                peer.allowedIPs = allowed
            }
            device.peers[change.publicKey] = peer
        }
        observed.device = device
    }
}
