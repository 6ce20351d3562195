extension Laboratory {
    /// What is in the middle.
    package enum Topology: Sendable {
        /// A bridge: the hosts are in one local network.
        case bridged
        /// A router, with a link of its own to each host, which needs no neighbour discovery. For hundreds of hosts: a bridge brings each ARP
        /// request to all of them, and Linux remembers some thousand neighbours, in all namespaces together.
        case routed

        package var maximumHosts: Int {
            switch self {
            case .bridged: 1_023  // `BR_MAX_PORTS` of Linux, without port 0
            case .routed: 9_999  // their IPv6 addresses end in their numbers, of four digits
            }
        }
    }
}

/// What the two kinds of networks differ in, as lines for `ip -batch` and parts of them.
extension Laboratory.Topology {
    private static let routerIPv4 = "\(Laboratory.ipv4Network).0.1"
    private static let routerIPv6 = "\(Laboratory.ipv6Network):ffff"
    // The same on each link: no two links know of each other.
    private static let routerMAC = "02:00:00:00:00:01"
    private static let hostMAC = "02:00:00:00:00:02"

    /// What to say of the link's end in the middle when it is made; likewise of the host's.
    var hubLinkAddress: String { self == .routed ? "address \(Self.routerMAC)" : "" }
    var hostLinkAddress: String { self == .routed ? "address \(Self.hostMAC)" : "" }

    /// What a host needs to reach others than its link's other end.
    var defaultRoutes: [String] {
        guard self == .routed else { return [] }
        return [("0.0.0.0/0", Self.routerIPv4), ("::/0", Self.routerIPv6)].flatMap { all, router in
            [
                "neigh add \(router) lladdr \(Self.routerMAC) dev \(LabHost.link) nud permanent",
                "route add \(all) via \(router) dev \(LabHost.link) onlink",
            ]
        }
    }

    /// What the middle needs to reach a host.
    func attachment(of host: LabHost, at port: String) -> [String] {
        switch self {
        case .bridged: return ["link set \(port) master bridge0 up"]
        case .routed:
            let ways = [host.ipv4 + "/32", host.ipv6 + "/128"].map { "route add \($0) dev \(port)" }
            let neighbours = [host.ipv4, host.ipv6].map { "neigh add \($0) lladdr \(Self.hostMAC) dev \(port) nud permanent" }
            return ["link set \(port) addrgenmode none", "link set \(port) up"] + ways + neighbours
        }
    }
}
