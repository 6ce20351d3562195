import Glibc
import GossipSub
import IPAddresses
import LoopRuntime
import Multiformats
import NIOCore
import NIOPosix
import PeerConnection
import PeerHost
import SecureChannel
import Synchronization

/// A real host on loopback with a loop of its own, and all that it has told.
package struct TestHost: Sendable {
    package let host: PeerHost
    package let events: EventLog<PeerHostEvent>

    package var peerID: PeerID { host.peerID }

    /// Listens on loopback, on a port that the kernel chooses; returns the address with our peer id.
    package func listen() async throws -> Multiaddr {
        let loopback = IPAddresses.SocketAddress(.loopback, port: 0)
        let address = try await host.listen(on: loopback)
        await host.announce(listenAddresses: [Multiaddr(tcp: address)])
        return Multiaddr(tcp: address, peer: peerID)
    }

    /// Whether messages of this text came in time, each once.
    package func heard(_ texts: [String], on topic: Topic, within limit: Duration = .seconds(20)) async -> Bool {
        let wanted = texts.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
        return await waitFor(within: limit) { gossip(on: topic).filter(wanted.contains) == wanted ? true : nil } ?? false
    }

    private func gossip(on topic: Topic) -> [[UInt8]] {
        events.all.compactMap { event -> [UInt8]? in
            guard case .gossip(let message) = event, message.topic == topic else { return nil }
            return message.data
        }.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Keeps the host's loop busy for as long as `body` takes, as a program does that hangs. Its sockets fill up meanwhile.
    package func stalled(_ body: () async throws -> Void) async rethrows {
        let isOver = Flag()
        let stall = Task { [host] in await host.block(until: isOver) }
        defer { isOver.value.store(true, ordering: .releasing) }
        try await body()
        isOver.value.store(true, ordering: .releasing)
        await stall.value
    }

    package func connected(to peer: PeerID) async -> Bool {
        await events.has { event in
            if case .connected(peer, _) = event { true } else { false }
        }
    }

    /// Why the last connection to the peer ended.
    package func disconnected(from peer: PeerID, within limit: Duration = .seconds(20)) async -> ConnectionFailure? {
        await events.first(within: limit) { event in
            if case .disconnected(peer, let failure) = event { failure } else { nil }
        }
    }

    package func description(of peer: PeerID) async -> PeerDescription? {
        await events.first { event in
            if case .identified(peer, let description) = event { description } else { nil }
        }
    }
}

extension IPAddress {
    package static let loopback = IPAddress(family: .ipv4, value: 0x7f00_0001)
}

extension PeerHost {
    fileprivate func block(until isOver: Flag) {
        while !isOver.value.load(ordering: .acquiring) { usleep(1_000) }
    }
}

private final class Flag: Sendable {
    let value = Atomic(false)
}
