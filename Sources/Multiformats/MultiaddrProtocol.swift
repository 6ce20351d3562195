/// The protocols that an address may be made of: name and code of each (multiformats/multicodec, table.csv).
enum MultiaddrProtocol: UInt64, CaseIterable {
    case ip4 = 4
    case tcp = 6
    case ip6 = 41
    case ip6zone = 42
    case ipcidr = 43
    case dns = 53
    case dns4 = 54
    case dns6 = 55
    case dnsaddr = 56
    case udp = 273
    case p2pCircuit = 290
    case unix = 400
    case p2p = 421
    case tls = 448
    case quic = 460
    case quicV1 = 461
    case ws = 477
    case wss = 478

    /// How the value is put into bytes.
    enum ValueLength: Hashable {
        case fixed(Int)
        case prefixed
    }

    var valueLength: ValueLength {
        switch self {
        case .ip4: .fixed(4)
        case .ip6: .fixed(16)
        case .tcp, .udp: .fixed(2)
        case .ipcidr: .fixed(1)
        case .p2pCircuit, .tls, .quic, .quicV1, .ws, .wss: .fixed(0)
        case .dns, .dns4, .dns6, .dnsaddr, .ip6zone, .unix, .p2p: .prefixed
        }
    }

    var name: String {
        switch self {
        case .p2pCircuit: "p2p-circuit"
        case .quicV1: "quic-v1"
        case .ip4, .tcp, .ip6, .ip6zone, .ipcidr, .dns, .dns4, .dns6, .dnsaddr, .udp, .unix, .p2p, .tls, .quic, .ws, .wss:
            String(describing: self)
        }
    }

    /// By its name; `ipfs` is the old name of `p2p`.
    init?(name: some StringProtocol) {
        let name = name == "ipfs" ? "p2p" : String(name)
        guard let found = Self.byName[name] else { return nil }
        self = found
    }

    private static let byName = Dictionary(allCases.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
}

extension Multiaddr.Component {
    var transport: MultiaddrProtocol {
        switch self {
        case .ip4: .ip4
        case .ip6: .ip6
        case .tcp: .tcp
        case .udp: .udp
        case .dns: .dns
        case .dns4: .dns4
        case .dns6: .dns6
        case .dnsaddr: .dnsaddr
        case .p2p: .p2p
        case .p2pCircuit: .p2pCircuit
        case .quicV1: .quicV1
        case .quic: .quic
        case .ws: .ws
        case .wss: .wss
        case .tls: .tls
        case .ip6zone: .ip6zone
        case .unix: .unix
        case .ipcidr: .ipcidr
        }
    }
}
