import Glibc
import IPAddresses
import Multiformats
import NIOPosix
import PeerHostTestKit
import Testing

@testable import PeerHost

/// One peer at several addresses, of which some lead nowhere.
@Suite struct DialingTests {
    /// A port at which nobody answers: no more connections are taken than have been.
    private final class Silence {
        private let descriptors: [CInt]
        let address: Multiaddr

        init() throws {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            func call(_ body: (UnsafeMutablePointer<sockaddr>) -> CInt) -> CInt {
                withUnsafeMutablePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body) }
            }
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            try #require(
                call { bind(listener, $0, length) } == 0 && listen(listener, 0) == 0 && call { getsockname(listener, $0, &length) } == 0)
            var fillers: [CInt] = []
            for _ in 0..<2 {
                let filler = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
                _ = call { connect(filler, $0, length) }
                fillers.append(filler)
            }
            descriptors = [listener] + fillers
            self.address = Multiaddr(tcp: SocketAddress(.loopback, port: UInt16(bigEndian: address.sin_port)))
        }

        deinit { for descriptor in descriptors { close(descriptor) } }
    }

    /// An hour: whoever waited for one address before he tries the next would not end.
    private var patient: PeerHostLimits {
        var limits = PeerHostLimits()
        limits.connectTimeout = .seconds(3600)
        return limits
    }

    private let refused = Multiaddr(tcp: SocketAddress(.loopback, port: 1))

    @Test func anAddressThatIsSilentHoldsNobodyUp() async throws {
        try await withBench { bench in
            let (first, second) = (try bench.host(1, limits: patient), try bench.host(2))
            let silence = try Silence()
            let addresses = [silence.address, refused, try await second.listen()]
            #expect(try await first.host.dial(addresses, expecting: second.peerID) == second.peerID)
            withExtendedLifetime(silence) {}
        }
    }

    /// It takes the connection and says nothing.
    @Test func norDoesOneThatIsNoPeer() async throws {
        try await withBench { bench in
            let (first, second) = (try bench.host(1), try bench.host(2))
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let mute = try await ServerBootstrap(group: group)
                .childChannelOption(.autoRead, value: false).bind(host: "127.0.0.1", port: 0).get()
            let port = try #require(mute.localAddress?.port)
            let addresses = [Multiaddr(tcp: SocketAddress(.loopback, port: UInt16(port))), try await second.listen()]
            #expect(try await first.host.dial(addresses, expecting: second.peerID) == second.peerID)
            #expect(await first.host.connectionCount == 2, "the other one still waits")
            try await group.shutdownGracefully()
        }
    }

    @Test func whoIsNotExpectedIsPassedOver() async throws {
        try await withBench { bench in
            let hosts = try (1...3).map { try bench.host($0) }
            let addresses = [try await hosts[1].listen(), try await hosts[2].listen()].map(\.withoutPeerID)
            #expect(try await hosts[0].host.dial(addresses, expecting: hosts[2].peerID) == hosts[2].peerID)
        }
    }

    /// Of what went wrong, what came nearest is told.
    @Test func theBestReasonIsTold() async throws {
        try await withBench { bench in
            let hosts = try (1...3).map { try bench.host($0) }
            let stranger = try await hosts[1].listen().withoutPeerID
            let udp = try Multiaddr("/ip4/127.0.0.1/udp/1")
            let failure = DialError.failed(.unexpectedPeer(expected: hosts[2].peerID, found: hosts[1].peerID))
            await #expect(throws: failure) { try await hosts[0].host.dial([stranger, refused, udp], expecting: hosts[2].peerID) }
            await #expect(throws: DialError.unreachable(reason: "Connection refused")) { try await hosts[0].host.dial([udp, refused]) }
            await #expect(throws: DialError.unreachable(reason: "it has told no address")) { try await hosts[0].host.dial([]) }
        }
    }

    @Test func noMoreAddressesAreTriedThanMayBe() async throws {
        try await withBench { bench in
            var limits = PeerHostLimits()
            limits.maximumDialedAddresses = 2
            let (first, second) = (try bench.host(1, limits: limits), try bench.host(2))
            let refusals = (1...2).map { Multiaddr(tcp: SocketAddress(.loopback, port: $0)) }
            let good = try await second.listen()
            await #expect(throws: DialError.self) { try await first.host.dial(refusals + [good]) }
            #expect(try await first.host.dial([refusals[0], good]) == second.peerID)
        }
    }

    @Test func noMorePeersAreDialledThanMayBe() async throws {
        try await withBench { bench in
            var limits = patient
            limits.maximumDials = 1
            let host = try bench.host(1, limits: limits).host
            let silence = try Silence()
            let address = silence.address
            let waiting = Task { () async -> DialError? in
                do throws(DialError) {
                    _ = try await host.dial(address)
                    return nil
                } catch { return error }
            }
            while await host.dials.isEmpty { await Task.yield() }
            await #expect(throws: DialError.tooManyDials) { try await host.dial(refused) }
            await host.shutDown()
            #expect(await waiting.value == .shutDown)
            withExtendedLifetime(silence) {}
        }
    }

    @Test func familiesTakeTurns() throws {
        func addresses(_ texts: String...) -> [IPAddresses.SocketAddress] { texts.compactMap { IPAddresses.SocketAddress($0) } }
        #expect(
            addresses("1.1.1.1:1", "2.2.2.2:1", "[::1]:1", "1.1.1.1:1", "3.3.3.3:1", "[::2]:1").inTurns
                == addresses("1.1.1.1:1", "[::1]:1", "2.2.2.2:1", "[::2]:1", "3.3.3.3:1"))
        #expect(addresses("[::1]:1", "[::2]:1").inTurns == addresses("[::1]:1", "[::2]:1"))
        #expect(addresses().inTurns.isEmpty)
    }
}
