import Testing
import Timeline
import WeftTestKit
import WireGuard

@testable import Mesh

@Suite struct GreetingsTests {
    private let lower = wireguardKey(1)
    private let own = wireguardKey(5)
    private let higher = wireguardKey(9)
    private let start = Instant.origin + .seconds(100)

    private func desired(_ peers: [WireGuardPublicKey: DesiredPeer]) throws -> DesiredNetwork {
        DesiredNetwork(
            interface: "weft0", privateKey: try #require(WireGuardPrivateKey(bytes: [UInt8](repeating: 0xab, count: 32))), publicKey: own,
            listenPort: 10042, mtu: 1420, addresses: [], routes: [], peers: peers)
    }

    private func peer(endpoint: String? = "192.0.2.1:1", keepalive: UInt16 = 0) throws -> DesiredPeer {
        let key = try #require(WireGuardPresharedKey(bytes: [UInt8](repeating: 1, count: 32)))
        return DesiredPeer(
            presharedKey: key, endpoint: endpoint.map(MeshTests.endpoint), allowedIPs: [], keepaliveSeconds: keepalive)
    }

    private func observed(_ keys: [WireGuardPublicKey] = [], isUp: Bool = true) -> ObservedNetwork {
        let peers = Dictionary(uniqueKeysWithValues: keys.map { ($0, PeerState()) })
        return ObservedNetwork(link: ObservedNetwork.Link(mtu: 1420, isUp: isUp), device: DeviceState(publicKey: own, peers: peers))
    }

    private func greeting(_ key: WireGuardPublicKey) -> [DeviceChange] {
        [.setPeer(PeerChange(publicKey: key, keepaliveSeconds: 1)), .setPeer(PeerChange(publicKey: key, keepaliveSeconds: 0))]
    }

    /// Two at once would cross.
    @Test func theLowerKeyGreetsAtOnceAndTheHigherLater() throws {
        let network = try desired([lower: peer(), higher: peer()])
        var greetings = Greetings()
        #expect(greetings.nextDeadline == nil)
        greetings.note(network, observed: observed(), now: start)
        #expect(greetings.take(network, observed: observed(), now: start) == greeting(higher))
        #expect(greetings.nextDeadline == start + Greetings.patience)
        let later = observed([lower, higher])
        #expect(greetings.take(network, observed: later, now: start + Greetings.patience - .nanoseconds(1)) == [])
        let changes = greetings.take(network, observed: later, now: start + Greetings.patience)
        let lowerPeer = try peer()
        let anew = PeerChange(
            publicKey: lower, presharedKey: lowerPeer.presharedKey, endpoint: lowerPeer.endpoint, allowedIPs: [], keepaliveSeconds: 0)
        #expect(changes == [.removePeer(lower), .setPeer(anew)] + greeting(lower), "its own first message may have been lost")
        #expect(greetings.nextDeadline == nil)
    }

    @Test func aSessionIsLeftAlone() throws {
        let network = try desired([lower: peer()])
        var greetings = Greetings()
        greetings.note(network, observed: observed(), now: start)
        var later = observed([lower])
        later.device?.peers[lower]?.lastHandshake = 1
        #expect(greetings.take(network, observed: later, now: start + .seconds(9)) == [])
        #expect(greetings.nextDeadline == nil)
    }

    @Test func onlyNewPeersAreGreeted() throws {
        let network = try desired([lower: peer(), higher: peer()])
        var greetings = Greetings()
        greetings.note(network, observed: observed([lower, higher]), now: start)
        #expect(greetings.nextDeadline == nil)
        greetings.note(network, observed: observed([lower]), now: start)
        #expect(greetings.take(network, observed: observed([lower]), now: start) == greeting(higher))
        #expect(greetings.nextDeadline == nil)
        greetings.note(network, observed: ObservedNetwork(), now: start)
        #expect(greetings.take(network, observed: ObservedNetwork(), now: start + .seconds(9)) == greeting(lower) + greeting(higher))
    }

    /// And what is said of its last handshake is of old.
    @Test func anInterfaceThatWasDownHasNoSessions() throws {
        let network = try desired([lower: peer()])
        var down = observed([lower], isUp: false)
        down.device?.peers[lower]?.lastHandshake = 1
        var greetings = Greetings()
        greetings.note(network, observed: down, now: start)
        #expect(greetings.take(network, observed: down, now: start) == greeting(lower))
    }

    @Test func whoCannotBeOrNeedNotBeGreetedIsNot() throws {
        let network = try desired([lower: peer(endpoint: nil), higher: peer(keepalive: 25)])
        var greetings = Greetings()
        greetings.note(network, observed: observed(), now: start)
        #expect(greetings.nextDeadline == nil)
    }

    @Test func whoIsNoPeerAnyMoreIsNotMadeOne() throws {
        var greetings = Greetings()
        greetings.note(try desired([lower: peer(), higher: peer()]), observed: observed(), now: start)
        let rest = try desired([higher: peer(keepalive: 25)])
        #expect(greetings.take(rest, observed: observed(), now: start + .seconds(9)) == [])
        #expect(greetings.nextDeadline == nil)
    }

    @Test func manyAreGreetedInTurns() throws {
        let count = Greetings.maximumAtOnce + 1
        let keys = try (1...count).map { number in
            var bytes = [UInt8](repeating: 0xff, count: 32)
            bytes[31] = UInt8(number)
            return try #require(WireGuardPublicKey(bytes: bytes))
        }
        let network = try desired(Dictionary(uniqueKeysWithValues: keys.map { ($0, try peer()) }))
        var greetings = Greetings()
        greetings.note(network, observed: observed(), now: start)
        #expect(greetings.take(network, observed: observed(), now: start).count == 2 * Greetings.maximumAtOnce)
        #expect(greetings.nextDeadline == start + Greetings.rest)
        #expect(greetings.take(network, observed: observed(), now: start) == [])
        #expect(greetings.take(network, observed: observed(), now: start + Greetings.rest).count == 2)
        #expect(greetings.nextDeadline == nil)
    }
}
