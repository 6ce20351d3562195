import IPAddresses
import LoopRuntime
import Multiformats
import NIOCore
import NIOPosix
import PeerConnection
import Timeline

extension PeerHost {
    /// Connects to a peer at an address; see the other `dial`.
    package func dial(_ address: Multiaddr, expecting expected: PeerID? = nil) async throws(DialError) -> PeerID {
        try await dial([address], expecting: expected ?? address.peerID)
    }

    /// Connects to a peer at the first of its addresses that answers, and returns who did. With a connection to it already standing, one
    /// of the two is dropped soon.
    ///
    /// They are tried in order, IPv6 and IPv4 in turns, each a moment after the one before, which may still answer (RFC 8305). One that
    /// takes the connection and is not who is expected does not end it.
    ///
    /// - Parameter expected: who must answer.
    package func dial(_ addresses: [Multiaddr], expecting expected: PeerID? = nil) async throws(DialError) -> PeerID {
        guard dials.count < configuration.limits.maximumDials else { throw .tooManyDials }
        let id = DialID(rawValue: nextDial)
        nextDial += 1
        // Counts from now on, also while names are looked up.
        dials[id] = Dial(expected: expected, timer: LoopTimer(eventLoop: eventLoop) { self.assumeIsolated { $0.waitedEnough(id) } })
        let (targets, failure) = await resolve(addresses)
        let result: Result<PeerID, DialError> = await withCheckedContinuation { continuation in
            guard dials[id] != nil else { return continuation.resume(returning: .failure(.shutDown)) }
            dials[id]?.begin(targets.prefix(configuration.limits.maximumDialedAddresses), failure, continuation)
            tryNext(id)
        }
        return try result.get()
    }

    /// All addresses of all names, and why some could not be found.
    private func resolve(_ addresses: [Multiaddr]) async -> ([IPAddresses.SocketAddress], DialError?) {
        var found: [IPAddresses.SocketAddress] = []
        var failure: DialError?
        for address in addresses {
            if let target = address.tcpSocketAddress {
                found.append(target)
            } else if let (host, port, family) = address.dnsTarget {
                let named = (try? await resolver.resolve(host, family: family, on: eventLoop).get()) ?? []
                if named.isEmpty { failure = .unknownHost(host) }
                found += named.map { IPAddresses.SocketAddress($0, port: port) }
            } else {
                failure = .unsupportedAddress(address)
            }
        }
        return (found.inTurns, failure)
    }

    // MARK: The race

    private func waitedEnough(_ id: DialID) {
        dials[id]?.isHeld = false
        tryNext(id)
    }

    private func tryNext(_ id: DialID) {
        guard let dial = dials[id], !dial.isHeld else { return }
        guard let target = dials[id]?.next() else {
            if dial.isOver { finish(id, .failure(dial.failure ?? .unreachable(reason: "it has told no address"))) }
            return
        }
        dial.timer.set(.now() + configuration.limits.nextAddressDelay)
        guard let address = try? NIOCore.SocketAddress(target) else {
            return attemptEnded(id, target, .failure(.unreachable(reason: "\(target) is no address to dial")))
        }
        ClientBootstrap(group: eventLoop)
            .connectTimeout(.nanoseconds(configuration.limits.connectTimeout.saturatedNanoseconds))
            .channelOptions(keepAlive: configuration.limits)
            .connect(to: address)
            .assumeIsolated()
            .whenComplete { result in
                self.assumeIsolated { host in
                    host.attemptEnded(id, target, result.mapError { DialError.unreachable(reason: NetworkErrorText.describe($0)) })
                }
            }
    }

    private func attemptEnded(_ id: DialID, _ target: IPAddresses.SocketAddress, _ result: Result<any Channel, DialError>) {
        dials[id]?.connecting -= 1
        switch result {
        case .failure(let error):
            dials[id]?.note(error)
            tryNext(id)
        case .success(let channel):
            guard let dial = dials[id], !dial.isHeld else {
                channel.close(promise: nil)
                dials[id]?.waiting.append(target)  // should the other one not be who is expected
                return
            }
            dial.timer.set(.now() + configuration.limits.upgradePatience)
            dials[id]?.isHeld = true
            dials[id]?.upgrading += 1
            do {
                try addLink(on: channel, role: .dialer, expecting: dial.expected, dial: id)
            } catch {
                channel.close(promise: nil)
                upgraded(id, .failure(.unreachable(reason: "\(error)")))
            }
        }
    }

    /// A connection of this dial has come so far that who answered is known, or has ended before.
    func upgraded(_ id: DialID, _ result: Result<PeerID, DialError>) {
        dials[id]?.isHeld = false
        dials[id]?.upgrading -= 1
        switch result {
        case .success: finish(id, result)
        case .failure(let error):
            dials[id]?.note(error)
            tryNext(id)
        }
    }

    private func finish(_ id: DialID, _ result: Result<PeerID, DialError>) {
        guard let dial = dials.removeValue(forKey: id) else { return }
        dial.timer.set(nil)
        dial.continuation?.resume(returning: result)
    }

    /// Whoever waits for a dial does so no more.
    func endDials() {
        for id in dials.keys { finish(id, .failure(.shutDown)) }
    }
}

/// Numbers the dials of a host.
struct DialID: Hashable, Sendable {
    let rawValue: UInt64
}

/// A peer that is being dialled, at one address or several.
struct Dial {
    let expected: PeerID?
    /// Runs until the next address is tried.
    let timer: LoopTimer
    /// Addresses that have not been tried.
    var waiting: [IPAddresses.SocketAddress] = []
    /// Attempts that have not ended.
    var connecting = 0
    /// Connections of which it is not known yet who took them.
    var upgrading = 0
    /// One address has taken the connection: the others wait a while for what becomes of it.
    var isHeld = false
    private(set) var failure: DialError?
    private(set) var continuation: CheckedContinuation<Result<PeerID, DialError>, Never>?

    init(expected: PeerID?, timer: LoopTimer) {
        self.expected = expected
        self.timer = timer
    }

    mutating func begin(
        _ targets: ArraySlice<IPAddresses.SocketAddress>, _ failure: DialError?,
        _ continuation: CheckedContinuation<Result<PeerID, DialError>, Never>
    ) {
        waiting = Array(targets)
        self.failure = failure
        self.continuation = continuation
    }

    mutating func next() -> IPAddresses.SocketAddress? {
        guard !waiting.isEmpty else { return nil }
        connecting += 1
        return waiting.removeFirst()
    }

    var isOver: Bool { waiting.isEmpty && connecting == 0 && upgrading == 0 }

    /// Of several, the one that says most is told; of those that say as much, the last.
    mutating func note(_ error: DialError) {
        if failure.map({ $0.weight <= error.weight }) ?? true { failure = error }
    }
}

extension DialError {
    /// How near it came to a connection.
    fileprivate var weight: Int {
        switch self {
        case .unsupportedAddress, .unknownHost, .tooManyDials, .shutDown: 0
        case .unreachable: 1
        case .failed: 2
        case .isOwnAddress: 3
        }
    }
}

extension [IPAddresses.SocketAddress] {
    /// Each once, the two families in turns, beginning with that of the first (RFC 8305 section 4).
    var inTurns: [Element] {
        var seen: Set<Element> = []
        let all = filter { seen.insert($0).inserted }
        let (first, second) = (
            all.filter { $0.address.family == all[0].address.family }, all.filter { $0.address.family != all[0].address.family }
        )
        return (0..<Swift.max(first.count, second.count)).flatMap { index in
            [first, second].compactMap { index < $0.count ? $0[index] : nil }
        }
    }
}

extension Multiaddr {
    /// Host, port and family (`nil`: either) of exactly `/dns|dns4|dns6/…/tcp/…[/p2p/…]`.
    fileprivate var dnsTarget: (host: String, port: UInt16, family: IPAddress.Family?)? {
        let plain = withoutPeerID.components
        guard plain.count == 2, case .tcp(let port) = plain[1] else { return nil }
        switch plain[0] {
        case .dns(let host): return (host, port, nil)
        case .dns4(let host): return (host, port, .ipv4)
        case .dns6(let host): return (host, port, .ipv6)
        case .ip4, .ip6, .tcp, .udp, .dnsaddr, .p2p, .p2pCircuit, .quicV1, .quic, .ws, .wss, .tls, .ip6zone, .unix, .ipcidr: return nil
        }
    }
}
