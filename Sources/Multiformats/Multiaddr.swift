import IPAddresses

/// Why bytes or text are no address.
package enum MultiaddrError: Error, Hashable, Sendable {
    case empty
    /// More than `Multiaddr.maximumByteCount` bytes, or a text that could not be shorter.
    case tooLong
    /// A protocol of this code, which is not known here. Skip the address, not the message that it came in.
    case unknownProtocol(UInt64)
    case unknownProtocolName(String)
    /// The value of `name` is missing, incomplete or not what the protocol takes.
    case invalidValue(name: String)
    /// No slash at the start, or a broken varint.
    case malformed
}

/// A self-describing network address, such as `/ip4/10.0.0.1/tcp/10042/p2p/12D3KooW…` (libp2p specification,
/// addressing/README.md; codes of multiformats/multicodec).
package struct Multiaddr: Hashable, Sendable {
    /// Longest binary form that is read.
    package static let maximumByteCount = 1024
    /// Longest text that is read: no component's text is more than six times its bytes (`/p2p-circuit` takes two).
    package static let maximumTextLength = maximumByteCount * 6
    /// Longest DNS name (RFC 1035 section 2.3.4), zone or path, in bytes.
    package static let maximumNameLength = 255

    /// `ip4` and `ip6` hold an address of that family.
    package enum Component: Hashable, Sendable {
        case ip4(IPAddress)
        case ip6(IPAddress)
        case tcp(UInt16)
        case udp(UInt16)
        case dns(String)
        case dns4(String)
        case dns6(String)
        case dnsaddr(String)
        case p2p(PeerID)
        case p2pCircuit
        case quicV1
        case quic
        case ws
        case wss
        case tls
        case ip6zone(String)
        /// An absolute path. Ends the address.
        case unix(String)
        /// Length of a prefix.
        case ipcidr(UInt8)
    }

    package var components: [Component]

    package init(components: [Component]) {
        self.components = components
    }

    /// `/ip4|ip6/…/tcp/…`, with `/p2p/…` if `peer` is given.
    package init(tcp address: SocketAddress, peer: PeerID? = nil) {
        components = [address.address.family == .ipv4 ? .ip4(address.address) : .ip6(address.address), .tcp(address.port)]
        if let peer { components.append(.p2p(peer)) }
    }

    /// Address and port, if this is a plain TCP address: an IP address, a port, and at most a peer id.
    package var tcpSocketAddress: SocketAddress? {
        let plain = withoutPeerID.components
        guard plain.count == 2, case .tcp(let port) = plain[1] else { return nil }
        switch plain[0] {
        case .ip4(let address), .ip6(let address): return SocketAddress(address, port: port)
        case .tcp, .udp, .dns, .dns4, .dns6, .dnsaddr, .p2p, .p2pCircuit, .quicV1, .quic, .ws, .wss, .tls, .ip6zone, .unix, .ipcidr:
            return nil
        }
    }

    /// The peer at the end of the address, if it names one.
    package var peerID: PeerID? {
        guard case .p2p(let peer)? = components.last else { return nil }
        return peer
    }

    /// The address without the peer id at its end, if it has one.
    package var withoutPeerID: Multiaddr {
        peerID == nil ? self : Multiaddr(components: Array(components.dropLast()))
    }
}
