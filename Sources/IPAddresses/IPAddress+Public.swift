extension IPAddress {
    /// Whether it means the same machine everywhere: none of the special addresses of IANA's registries (RFC 6890), such as those of
    /// private networks (RFC 1918, RFC 4193) and of providers' NATs (RFC 6598).
    package var isPublic: Bool {
        switch family {
        case .ipv4: !Self.notPublic.contains { $0.contains(self) }
        case .ipv6: value >> 125 == 1 && !Self.notPublic.contains { $0.contains(self) }  // 2000::/3
        }
    }

    private static let notPublic = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
        "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3", "2001:db8::/32",
    ].compactMap { IPPrefix($0) }
}
