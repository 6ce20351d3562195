extension Multiaddr.Component {
    /// A protocol whose value is a name. `nil` for a name that is empty, too long, or has a character that is not visible ASCII:
    /// names come from peers and are printed.
    init?(_ kind: MultiaddrProtocol, name: String) {
        let isPath = kind == .unix
        guard (1...Multiaddr.maximumNameLength).contains(name.utf8.count),
            name.utf8.allSatisfy({ (0x21...0x7e).contains($0) && (isPath || $0 != 0x2f) }), name.hasPrefix("/") == isPath
        else { return nil }
        switch kind {
        case .dns: self = .dns(name)
        case .dns4: self = .dns4(name)
        case .dns6: self = .dns6(name)
        case .dnsaddr: self = .dnsaddr(name)
        case .ip6zone: self = .ip6zone(name)
        case .unix: self = .unix(name)
        case .ip4, .ip6, .tcp, .udp, .ipcidr, .p2p, .p2pCircuit, .tls, .quic, .quicV1, .ws, .wss: return nil
        }
    }

    /// A protocol whose value is a number: a port, or the length of a prefix (at most 128).
    init?(_ kind: MultiaddrProtocol, number: UInt16) {
        switch kind {
        case .tcp: self = .tcp(number)
        case .udp: self = .udp(number)
        case .ipcidr:
            guard let length = UInt8(exactly: number), length <= 128 else { return nil }
            self = .ipcidr(length)
        case .ip4, .ip6, .dns, .dns4, .dns6, .dnsaddr, .ip6zone, .unix, .p2p, .p2pCircuit, .tls, .quic, .quicV1, .ws, .wss:
            return nil
        }
    }

    /// A protocol without a value.
    init?(flag kind: MultiaddrProtocol) {
        switch kind {
        case .p2pCircuit: self = .p2pCircuit
        case .tls: self = .tls
        case .quic: self = .quic
        case .quicV1: self = .quicV1
        case .ws: self = .ws
        case .wss: self = .wss
        case .ip4, .ip6, .tcp, .udp, .ipcidr, .dns, .dns4, .dns6, .dnsaddr, .ip6zone, .unix, .p2p: return nil
        }
    }
}
