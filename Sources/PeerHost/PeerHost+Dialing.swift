import IPAddresses
import Multiformats
import NIOCore
import NIOPosix
import PeerConnection

extension PeerHost {
    /// Connects to a peer at an address and returns who answered. With a connection to it already standing, one of the two is dropped soon.
    ///
    /// - Parameter expected: who must answer; a peer id at the end of the address says the same.
    package func dial(_ address: Multiaddr, expecting expected: PeerID? = nil) async throws(DialError) -> PeerID {
        let target = try await resolve(address)
        let peer = expected ?? address.peerID
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<PeerID, DialError>, Never>) in
            connect(to: target, expecting: peer, continuation)
        }
        return try result.get()
    }

    private func resolve(_ address: Multiaddr) async throws(DialError) -> IPAddresses.SocketAddress {
        if let target = address.tcpSocketAddress { return target }
        guard let (host, port, family) = address.dnsTarget else { throw .unsupportedAddress(address) }
        let found = try? await resolver.resolve(host, family: family, on: eventLoop).get()
        guard let found = found?.first else { throw .unknownHost(host) }
        return IPAddresses.SocketAddress(found, port: port)
    }

    private func connect(
        to target: IPAddresses.SocketAddress, expecting peer: PeerID?, _ continuation: CheckedContinuation<Result<PeerID, DialError>, Never>
    ) {
        let timeout = TimeAmount.nanoseconds(configuration.limits.connectTimeout.saturatedNanoseconds)
        do {
            let address = try NIOCore.SocketAddress(target)
            ClientBootstrap(group: eventLoop)
                .connectTimeout(timeout)
                .channelOptions(keepAlive: configuration.limits)
                .connect(to: address)
                .assumeIsolated()
                .whenComplete { result in
                    self.assumeIsolated { $0.connected(result, expecting: peer, continuation) }
                }
        } catch {
            continuation.resume(returning: .failure(.unreachable(reason: "\(target) is no address to dial")))
        }
    }

    private func connected(
        _ result: Result<any Channel, any Error>, expecting peer: PeerID?,
        _ continuation: CheckedContinuation<Result<PeerID, DialError>, Never>
    ) {
        switch result {
        case .success(let channel):
            do {
                try addLink(on: channel, role: .dialer, expecting: peer, dial: continuation)
            } catch {
                channel.close(promise: nil)
                continuation.resume(returning: .failure(.unreachable(reason: "\(error)")))
            }
        case .failure(let error):
            continuation.resume(returning: .failure(.unreachable(reason: NetworkErrorText.describe(error))))
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
