import Settings

/// The INI file that `w2wesher` is started with, and writes its keys to.
enum W2wesherFile {
    static func read(_ text: String) throws(AncestorFileError) -> InheritedSettings {
        let file = try INIFile(text)
        guard file.hasSection("P2P") || file.hasSection("Wireguard") else { throw .noW2wesherFile }
        var inherited = InheritedSettings(program: "w2wesher")
        func take(_ setting: Setting, _ section: String, _ key: String) {
            if let value = file[section, key] { inherited.entries.append(.init(setting, value)) }
        }
        take(.clusterKey, "P2P", "PSK")
        join(file["P2P", "Bootstrap"], &inherited)
        listen(file["P2P", "ListenAddr"], &inherited)
        take(.interface, "Wireguard", "Interface")
        take(.wireguardPort, "Wireguard", "ListenPort")
        if let range = file["Wireguard", "NetworkRange"] { inherited.entries.append(.init(.overlayNet, [range])) }
        take(.name, "Wireguard", "NodeName")
        keepAlive(file["Wireguard", "PersistentKeepalive"], &inherited)
        if file["P2P", "PrivateKey"] != nil || file["Wireguard", "PrivateKey"] != nil {
            inherited.remarks.append("the private keys stay where they are: weft makes keys of its own at its first start")
        }
        return inherited
    }

    /// Multiaddrs with the port of the ancestor's own protocol: where the host is stays true, its port does not.
    private static func join(_ list: String?, _ inherited: inout InheritedSettings) {
        let addresses = (list ?? "").split(separator: ",").map { $0.drop(while: \.isWhitespace) }.filter { !$0.isEmpty }
        var hosts: [String] = []
        for address in addresses {
            guard let host = Multiaddress(address).host else {
                inherited.remarks.append("a Bootstrap address that names no host was left out")
                continue
            }
            if !hosts.contains(host), hosts.count < AncestorFile.maximumHosts { hosts.append(host) }
        }
        guard !hosts.isEmpty else { return }
        inherited.entries.append(.init(.join, hosts))
        inherited.remarks.append("weft is expected at its own port 10042/tcp on the hosts to join by; write HOST:PORT for another one")
    }

    private static func listen(_ text: String?, _ inherited: inout InheritedSettings) {
        guard let text else { return }
        let address = Multiaddress(text[...])
        if let port = address.port { inherited.entries.append(.init(.clusterPort, port)) }
        if let host = address.host, host != "0.0.0.0", host != "::" { inherited.entries.append(.init(.bindAddress, host)) }
    }

    /// A Go duration; less than nothing is off.
    private static func keepAlive(_ text: String?, _ inherited: inout InheritedSettings) {
        guard let text else { return }
        guard let seconds = GoDuration.seconds(text) else {
            return inherited.remarks.append("PersistentKeepalive was left out: it is no duration such as 25s")
        }
        inherited.entries.append(.init(.persistentKeepalive, "\(max(0, seconds))"))
    }
}

/// What of a multiaddr an import needs: `/ip4/192.0.2.1/udp/10042/quic/p2p/12D3…`.
private struct Multiaddress {
    var host: String?
    var port: String?

    init(_ text: Substring) {
        let parts = text.split(separator: "/")
        for (name, value) in zip(parts, parts.dropFirst()) {
            switch name {
            case "ip4", "ip6", "dns", "dns4", "dns6": host = host ?? String(value)
            case "tcp", "udp": port = port ?? String(value)
            default: break
            }
        }
    }
}

/// `1m30s`, as Go's time.Duration prints it.
enum GoDuration {
    /// Whole seconds, cut off; `nil` if it is none, or longer than a century.
    static func seconds(_ text: String) -> Int? {
        var rest = text[...]
        let isNegative = rest.first == "-"
        if isNegative || rest.first == "+" { rest = rest.dropFirst() }
        if rest == "0" { return 0 }
        var sum = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
            let unit = rest.dropFirst(number.count).prefix { !("0"..."9").contains($0) && $0 != "." }
            guard let value = Double(number), let seconds = units[String(unit)] else { return nil }
            sum += value * seconds
            rest = rest.dropFirst(number.count + unit.count)
        }
        guard sum < 3e9 else { return nil }
        return isNegative ? -max(1, Int(sum)) : Int(sum)
    }

    private static let units = ["h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9]
}
