import IPAddresses
import Multiformats
import Testing
import Timeline

@testable import AutoNAT

@Suite struct DialBackServerTests {
    typealias Server = DialBackServer<Int>

    private func status(_ action: Server.Action?) -> DialResponse.Status? {
        guard case .answer(_, let bytes) = action, case .response(let response)? = try? AutoNATMessage(bytes) else { return nil }
        return response.status
    }

    private func targets(_ action: Server.Action?) -> [SocketAddress]? {
        if case .dial(_, _, let targets) = action { targets } else { nil }
    }

    /// What becomes of one request of peer 1.
    private func ask(
        _ addresses: [Multiaddr], from remote: String? = "5.5.5.1", _ configuration: AutoNATConfiguration = AutoNATConfiguration()
    ) throws -> Server.Action? {
        var server = Server(configuration)
        let actions = server.handle(
            .asked(1, by: try peer(1), from: try remote.map(ip), message: wish(try peer(1), addresses)), now: .origin)
        #expect(actions.count == 1)
        return actions.first
    }

    // MARK: Where to

    @Test func `only where the peer comes from`() throws {
        let own = try ["5.5.5.1:1", "5.5.5.1:10042"].map(at)
        let foreign = try ["5.5.5.2:1", "10.0.0.1:1", "[2001:470::1]:1", "5.5.5.1:0"].map(tcp)
        let other = try ["/ip4/5.5.5.1/udp/1", "/dns/example.org/tcp/1", "/ip4/5.5.5.1/tcp/1/ws"].map { try Multiaddr($0) }
        let all = foreign + own.map { Multiaddr(tcp: $0) } + other + [Multiaddr(tcp: own[0], peer: try peer(1))]
        #expect(targets(try ask(all)) == own, "each once")
        #expect(status(try ask(foreign)) == .dialRefused)
        #expect(status(try ask(other)) == .dialRefused)
        #expect(status(try ask([])) == .dialRefused)
        #expect(status(try ask(all, from: nil)) == .dialRefused, "nobody knows where it comes from")
        #expect(targets(try ask(all, from: "::ffff:5.5.5.1")) == own)
    }

    @Test(arguments: ["127.0.0.1", "0.0.0.0", "224.0.0.1", "169.254.1.1", "10.42.0.7", "::1", "fe80::1"])
    func `nowhere that is no place, nor into the overlay`(address: String) throws {
        var configuration = AutoNATConfiguration()
        configuration.excluded = [try #require(IPPrefix("10.42.0.0/16"))]
        let wanted = Multiaddr(tcp: SocketAddress(try ip(address), port: 1))
        #expect(status(try ask([wanted], from: address, configuration)) == .dialRefused)
    }

    @Test func `private addresses of a network are places`() throws {
        #expect(targets(try ask([try tcp("10.0.0.1:1")], from: "10.0.0.1")) == [try at("10.0.0.1:1")])
        var configuration = AutoNATConfiguration()
        configuration.allowsLoopback = true
        #expect(targets(try ask([try tcp("127.0.0.1:1")], from: "127.0.0.1", configuration)) == [try at("127.0.0.1:1")])
    }

    /// As many as fit a message, at any address of the world: none but the asker's own gets a packet.
    @Test func `nobody else can be made to be dialled`() throws {
        let limit = AutoNATConfiguration().maximumAddresses
        var addresses: [Multiaddr] = []
        for number in 0..<350 {
            let address = IPAddress(family: .ipv4, value: number % 2 == 0 ? 0x0505_0501 : 0x0505_0501 + UInt128(number))
            addresses.append(Multiaddr(tcp: SocketAddress(address, port: UInt16(number + 1))))
        }
        let dialled = try #require(targets(try ask(addresses)))
        #expect(dialled.count == limit && dialled.allSatisfy { $0.address == IPAddress("5.5.5.1") })
        var server = Server(AutoNATConfiguration())
        let thousands = wish(try peer(1), addresses + addresses)
        let answer = server.handle(.asked(1, by: try peer(1), from: try ip("5.5.5.1"), message: thousands), now: .origin)
        #expect(status(answer.first) == .badRequest, "longer than a message may be")
    }

    @Test func `who asks in another's name, or does not ask`() throws {
        var server = Server(AutoNATConfiguration())
        for message in [wish(try peer(2), [try tcp("5.5.5.1:1")]), reply(.ok), [], [0xff]] {
            let actions = server.handle(.asked(1, by: try peer(1), from: try ip("5.5.5.1"), message: message), now: .origin)
            #expect(status(actions.first) == .badRequest && actions.count == 1)
        }
        #expect(server.nextDeadline == nil)
    }

    // MARK: What came of it

    private func asked(_ server: inout Server, _ request: Int, by number: UInt8, now: Instant) throws -> Server.Action? {
        let message = wish(try peer(number), [try tcp("5.5.5.1:1")])
        return server.handle(.asked(request, by: try peer(number), from: try ip("5.5.5.1"), message: message), now: now).first
    }

    @Test func `a dial that succeeds is told at once`() throws {
        var server = Server(AutoNATConfiguration())
        #expect(targets(try asked(&server, 1, by: 1, now: .origin)) != nil)
        let actions = server.handle(.dialed(1, try at("5.5.5.1:1")), now: .origin + .seconds(1))
        #expect(actions == [.answer(1, reply(.ok, try tcp("5.5.5.1:1")))])
        #expect(server.nextDeadline == nil)
        #expect(server.handle(.dialed(1, nil), now: .origin + .seconds(2)).isEmpty)
    }

    @Test func `one that fails is told when its time is up, however it failed`() throws {
        let end = Instant.origin + AutoNATConfiguration().dialTimeout
        var server = Server(AutoNATConfiguration())
        for request in 1...2 { #expect(targets(try asked(&server, request, by: UInt8(request), now: .origin)) != nil) }
        #expect(server.handle(.dialed(1, nil), now: .origin + .seconds(1)).isEmpty)
        #expect(server.nextDeadline == end)
        #expect(server.handle(.deadlineReached, now: end - .nanoseconds(1)).isEmpty)
        #expect(server.handle(.deadlineReached, now: end) == [1, 2].map { .answer($0, reply(.dialError)) })
        #expect(server.handle(.dialed(2, try at("5.5.5.1:1")), now: end).isEmpty, "too late")
        #expect(server.nextDeadline == nil)
    }

    // MARK: How often

    @Test func `a peer is dialled so often in a minute`() throws {
        let limits = AutoNATConfiguration()
        var server = Server(limits)
        for request in 1...limits.maximumDialsPerPeer {
            #expect(targets(try asked(&server, request, by: 1, now: .origin)) != nil)
            _ = server.handle(.dialed(request, try at("5.5.5.1:1")), now: .origin)
        }
        #expect(status(try asked(&server, 9, by: 1, now: .origin + limits.window - .nanoseconds(1))) == .dialRefused)
        #expect(targets(try asked(&server, 10, by: 2, now: .origin)) != nil, "another has his own number")
        #expect(targets(try asked(&server, 11, by: 1, now: .origin + limits.window)) != nil)
    }

    @Test func `all together are dialled so often in a minute`() throws {
        let limits = AutoNATConfiguration()
        var server = Server(limits)
        for number in 1...limits.maximumDialsInAll {
            #expect(targets(try asked(&server, number, by: UInt8(number), now: .origin)) != nil)
            _ = server.handle(.dialed(number, try at("5.5.5.1:1")), now: .origin)
        }
        #expect(status(try asked(&server, 100, by: 100, now: .origin)) == .dialRefused)
        #expect(targets(try asked(&server, 101, by: 100, now: .origin + limits.window)) != nil)
    }

    @Test func `so many are under way at once`() throws {
        let limits = AutoNATConfiguration()
        var server = Server(limits)
        for number in 1...limits.maximumDials { #expect(targets(try asked(&server, number, by: UInt8(number), now: .origin)) != nil) }
        _ = server.handle(.dialed(1, nil), now: .origin)
        #expect(status(try asked(&server, 9, by: 9, now: .origin)) == .dialRefused, "one that has failed still waits")
        _ = server.handle(.deadlineReached, now: .origin + limits.dialTimeout)
        #expect(targets(try asked(&server, 10, by: 9, now: .origin + limits.dialTimeout)) != nil)
    }
}
