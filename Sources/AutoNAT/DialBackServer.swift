import IPAddresses
import Multiformats
import Timeline

/// Answers peers who want to know whether they can be dialled: decides which dials are made, and tells what came of them.
///
/// No dial goes to another IP address than the one that the asking connection comes from, so nobody can make us bother anybody else
/// (libp2p specification, autonat/autonat-v1.md, which refers to RFC 3489 section 12.1.1). One that fails is told only when its time is
/// up: else the time would tell which ports of that address are open.
///
/// - Parameter Request: what the caller tells requests apart by.
package struct DialBackServer<Request: Hashable & Sendable>: Sendable {
    package enum Input: Sendable {
        /// - Parameter address: where the peer's connection comes from, directly.
        case asked(Request, by: PeerID, from: IPAddress?, message: [UInt8])
        /// Where the peer has proved to be the one that asked; `nil`: at none of the addresses.
        case dialed(Request, SocketAddress?)
        case deadlineReached
    }

    package enum Action: Hashable, Sendable {
        /// Connect to the peer at one of these, by a connection of its own that is closed at once. Answered by `dialed` within the
        /// configuration's time.
        case dial(Request, PeerID, [SocketAddress])
        case answer(Request, [UInt8])
    }

    private struct DialBack: Sendable {
        let request: Request
        let deadline: Instant
    }

    private let configuration: AutoNATConfiguration
    /// Oldest first. One that has failed stays until its time is up.
    private var dials: [DialBack] = []
    /// In the window that is past; never more than are allowed.
    private var recent: [(peer: PeerID, at: Instant)] = []

    package init(_ configuration: AutoNATConfiguration) {
        self.configuration = configuration
    }

    package var nextDeadline: Instant? {
        dials.first?.deadline
    }

    package mutating func handle(_ input: Input, now: Instant) -> [Action] {
        switch input {
        case .asked(let request, let peer, let address, let message): [consider(request, peer, address, message, now)]
        case .dialed(let request, let address): dialed(request, address)
        case .deadlineReached: endOverdue(now)
        }
    }

    private mutating func consider(
        _ request: Request, _ peer: PeerID, _ observed: IPAddress?, _ message: [UInt8], _ now: Instant
    ) -> Action {
        guard case .dial(let wish)? = try? AutoNATMessage(message), wish.peer == peer else {
            return answer(request, .badRequest)
        }
        let targets = targets(wish.addresses, observed)
        guard !targets.isEmpty, hasRoom(for: peer, now) else { return answer(request, .dialRefused) }
        recent.append((peer, now))
        dials.append(DialBack(request: request, deadline: now + configuration.dialTimeout))
        return .dial(request, peer, targets)
    }

    /// Plain TCP addresses at the one IP address that the peer is seen at, each once.
    private func targets(_ addresses: [Multiaddr], _ observed: IPAddress?) -> [SocketAddress] {
        guard let observed = observed?.unmapped, configuration.isDialable(observed) else { return [] }
        var targets: [SocketAddress] = []
        for target in addresses.lazy.compactMap(\.tcpSocketAddress) where target.address == observed && target.port > 0 {
            if targets.count < configuration.maximumAddresses, !targets.contains(target) { targets.append(target) }
        }
        return targets
    }

    private mutating func hasRoom(for peer: PeerID, _ now: Instant) -> Bool {
        recent.removeAll { $0.at + configuration.window <= now }
        return dials.count < configuration.maximumDials && recent.count < configuration.maximumDialsInAll
            && recent.count { $0.peer == peer } < configuration.maximumDialsPerPeer
    }

    private mutating func dialed(_ request: Request, _ address: SocketAddress?) -> [Action] {
        guard let address, let index = dials.firstIndex(where: { $0.request == request }) else { return [] }
        dials.remove(at: index)
        return [answer(request, .ok, Multiaddr(tcp: address))]
    }

    private mutating func endOverdue(_ now: Instant) -> [Action] {
        let overdue = dials.prefix { $0.deadline <= now }
        dials.removeFirst(overdue.count)
        return overdue.map { answer($0.request, .dialError) }
    }

    private func answer(_ request: Request, _ status: DialResponse.Status, _ address: Multiaddr? = nil) -> Action {
        .answer(request, AutoNATMessage.response(DialResponse(status, address: address)).encoded)
    }
}
