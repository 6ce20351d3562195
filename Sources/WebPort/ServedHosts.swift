import IPAddresses

/// Under which names a port answers.
///
/// A page of somebody else's can let its name point to an address of this machine, and is then, to a browser, of one origin with what is
/// served there (DNS rebinding). The name is still in the request; so only names that nobody else can have are answered.
struct ServedHosts: Hashable, Sendable {
    /// At most this many are told to who asked for another one.
    static let maximumTold = 8

    private let names: Set<String>
    private let addresses: Set<IPAddress>
    /// What somebody else may be told to use.
    let told: [String]

    /// - Parameters:
    ///   - names: names and addresses beside `localhost`.
    ///   - listening: where the port listens.
    init(names: [String], listening: [SocketAddress]) {
        let all = ["localhost"] + names
        self.names = Set(all.filter { IPAddress($0) == nil }.map { Self.normalized($0) })
        addresses = Set(all.compactMap { IPAddress($0) } + listening.map(\.address).filter { !$0.isUnspecified })
        let literals = listening.map(\.address).filter { !$0.isUnspecified }.map { $0.family == .ipv4 ? "\($0)" : "[\($0)]" }
        told = Array((literals + all).prefix(Self.maximumTold))
    }

    /// - Parameters:
    ///   - host: value of a Host header field (RFC 9110 section 7.2). Any port will do: a tunnel may lead here from another one.
    ///   - local: the address of this machine that the connection came to.
    func contains(_ host: String, local: IPAddress?) -> Bool {
        guard let name = Self.withoutPort(host) else { return false }
        if name.hasPrefix("[") {
            guard name.hasSuffix("]"), let address = IPAddress(String(name.dropFirst().dropLast())) else { return false }
            return address.family == .ipv6 && contains(address, local)
        }
        if let address = IPAddress(String(name)) { return address.family == .ipv4 && contains(address, local) }
        return names.contains(Self.normalized(name))
    }

    private func contains(_ address: IPAddress, _ local: IPAddress?) -> Bool {
        addresses.contains(address) || address == local
    }

    /// `nil` if what is behind the last colon is no port.
    private static func withoutPort(_ host: String) -> Substring? {
        let end = host.lastIndex(of: "]") ?? host.startIndex
        guard let colon = host[end...].lastIndex(of: ":") else { return host[...] }
        let port = host[host.index(after: colon)...]
        guard port.utf8.count <= 5, port.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return host[..<colon]
    }

    /// Names are the same in upper case, and with the dot of the root behind them.
    private static func normalized(_ name: some StringProtocol) -> String {
        let name = name.lowercased()
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }
}
