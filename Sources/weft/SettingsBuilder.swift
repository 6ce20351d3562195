import Glibc
import IPAddresses
import Logging
import Mesh
import Naming
import Settings
import WeftDaemon

/// From what was said to settings; whatever is wrong is said in words, with where it stands, before anything is touched.
struct SettingsBuilder {
    let given: GivenSettings

    func settings() throws -> DaemonSettings {
        let node = try NodeAddress(given)
        var settings = DaemonSettings(
            name: try nodeName(), stateDirectory: text(.stateDirectory) ?? "/var/lib/weft/\(node.interface)", socketPath: node.socketPath)
        settings.interface = node.interface
        settings.user = text(.user)
        settings.startsOver = try toggle(.startOver)
        settings.clusterPort = try port(.clusterPort) ?? settings.clusterPort
        settings.wireguardPort = try port(.wireguardPort) ?? settings.wireguardPort
        settings.bindAddress = try addresses(.bindAddress).first
        settings.bindInterface = text(.bindInterface)
        settings.advertiseAddresses = try addresses(.advertiseAddress)
        settings.overlay = try overlay()
        settings.wireguard =
            try choice(.wireguard, DaemonSettings.WireGuardChoice.init, shown: DaemonSettings.WireGuardChoice.shown) ?? .auto
        settings.persistentKeepaliveSeconds = try number(.persistentKeepalive, "seconds from 0 to 65535") ?? 0
        settings.isEphemeral = try toggle(.ephemeral)
        settings.hostsFile = try hostsFile()
        settings.dns = try choice(.dns, DaemonSettings.DNSChoice.init, shown: DaemonSettings.DNSChoice.allCases.map(\.rawValue)) ?? .auto
        settings.dnsPort = try port(.dnsPort) ?? settings.dnsPort
        settings.findsNeighbours = try !toggle(.noMDNS)
        settings.mapsPorts = try !toggle(.noPortMapping)
        settings.metricsAddress = try socketAddress(.metricsAddress)
        settings.webAddress = try socketAddress(.webAddress)
        if let address = settings.webAddress, !address.address.isLoopback {
            throw refusal(
                .webAddress, value: "\(address)",
                "not a loopback address such as 127.0.0.1: whoever saw the page would see the mesh; from elsewhere, use ssh -L")
        }
        settings.logLevel = try choice(.logLevel, Self.level, shown: Logger.Level.allCases.map(\.rawValue)) ?? .info
        settings.logFormat =
            try choice(.logFormat, LogFormat.init, shown: LogFormat.allCases.map(\.rawValue)) ?? (Self.isReadByJournal ? .journal : .text)
        if let address = given[.bindAddress], let interface = given[.bindInterface] {
            throw Failure("\(label(.bindAddress, address)) and \(label(.bindInterface, interface)) exclude each other")
        }
        (settings.mesh, settings.joinHosts) = try mesh(defaultPort: settings.clusterPort)
        return settings
    }

    // MARK: Which mesh

    private func mesh(defaultPort: UInt16) throws -> (DaemonSettings.MeshChoice, [JoinHost]) {
        let targets = (given[.join]?.values ?? []).flatMap { $0.split(separator: ",") }.map(trimmed).filter { !$0.isEmpty }
        let tokens = try targets.filter(looksLikeToken).map(token)
        let hosts = try targets.filter { !looksLikeToken($0) }.map { try host($0, defaultPort) }
        guard Set(tokens.map(\.secret)).count <= 1 else { throw refusal(.join, "the tokens are of different meshes") }
        let secret = try given[.clusterKey]?.values.first.map(clusterKey)
        if let token = tokens.first {
            guard secret == nil || secret == token.secret else {
                throw refusal(.clusterKey, "not the secret of the mesh that the token is for: one of the two is enough")
            }
            let merged = JoinToken(secret: token.secret, overlay: token.overlay, bootstrap: tokens.flatMap(\.bootstrap))
            return (.token(merged), hosts)
        }
        return (secret.map { .secret($0) } ?? .storedOrNew, hosts)
    }

    private func trimmed(_ text: Substring) -> String {
        String(String(text.drop(while: \.isWhitespace)).reversed().drop(while: \.isWhitespace).reversed())
    }

    /// A token is long, and no host name begins like one; so a damaged token is told from a host, and said to be damaged.
    private func looksLikeToken(_ text: String) -> Bool {
        let start = text.lowercased()
        guard !text.contains("."), !text.contains(":") else { return false }
        return start.hasPrefix("weft1") && text.utf8.count > 25 || start.hasPrefix("weft") && text.utf8.count > 63
    }

    /// A long run of letters and digits that is no host may be a damaged token or a key in the wrong place: no error repeats it.
    private func mayBeSecret(_ text: String) -> Bool {
        text.split { !($0.isLetter || $0.isNumber || "+/=".contains($0)) }.contains { $0.count >= 16 }
    }

    private func token(_ text: String) throws -> JoinToken {
        do { return try JoinToken(text) } catch { throw refusal(.join, "\(error)") }
    }

    private func host(_ text: String, _ defaultPort: UInt16) throws -> JoinHost {
        guard let host = JoinHost(text, defaultPort: defaultPort) else {
            let shown = mayBeSecret(text) ? "(not shown: it may hold a secret)" : text
            throw refusal(.join, value: shown, "neither a join token (weft1…) nor a host[:port]")
        }
        return host
    }

    private func clusterKey(_ text: String) throws -> MeshSecret {
        guard let secret = MeshSecret(clusterKey: text) else {
            throw refusal(
                .clusterKey,
                "a key is 32 bytes in base64, 44 characters; this one is not (make one with `head -c32 /dev/urandom | base64`)")
        }
        return secret
    }

    // MARK: Values

    private func overlay() throws -> OverlayRanges? {
        guard let texts = given[.overlayNet]?.values, !texts.isEmpty else { return nil }
        let prefixes = try texts.map { text in
            guard let prefix = IPPrefix(text) else {
                throw refusal(.overlayNet, value: text, "a range looks like 10.5.0.0/16 or fd12:3456::/64")
            }
            return prefix
        }
        do { return try OverlayRanges(prefixes) } catch { throw refusal(.overlayNet, "\(error)") }
    }

    private func addresses(_ setting: Setting) throws -> [IPAddress] {
        try (given[setting]?.values ?? []).map { text in
            guard let address = IPAddress(text) else { throw refusal(setting, value: text, "not an IP address") }
            return address
        }
    }

    private func socketAddress(_ setting: Setting) throws -> SocketAddress? {
        guard let text = text(setting) else { return nil }
        guard let address = SocketAddress(text), address.port > 0 else {
            throw refusal(setting, value: text, "an address and a port look like 127.0.0.1:10090 or [fd12::1]:10090")
        }
        return address
    }

    private func port(_ setting: Setting) throws -> UInt16? {
        let what = "a port from 1 to 65535, so that others can know it"
        guard let port = try number(setting, what) else { return nil }
        guard port > 0 else { throw refusal(setting, value: "0", what) }
        return port
    }

    /// `nil`: none is written.
    func hostsFile() throws -> String? {
        try toggle(.noEtcHosts) ? nil : text(.hostsFile) ?? HostsFile.defaultPath
    }

    private func number(_ setting: Setting, _ what: String) throws -> UInt16? {
        guard let text = text(setting) else { return nil }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt16(text) else {
            throw refusal(setting, value: text, what)
        }
        return number
    }

    private func toggle(_ setting: Setting) throws -> Bool {
        guard let text = text(setting) else { return false }
        guard let toggle = Toggle(text) else { throw refusal(setting, value: text, "takes true or false") }
        return toggle == .on
    }

    private func choice<Value>(_ setting: Setting, _ parse: (String) -> Value?, shown: [String]) throws -> Value? {
        guard let text = text(setting) else { return nil }
        guard let value = parse(text) else {
            throw refusal(setting, value: text, "one of \(shown.joined(separator: ", "))" + Spelling.hint(for: text, among: shown))
        }
        return value
    }

    /// systemd says which file the journal reads, by device and inode (systemd.exec(5), JOURNAL_STREAM).
    private static var isReadByJournal: Bool {
        var information = stat()
        guard let stream = getenv("JOURNAL_STREAM").map({ String(cString: $0) }), fstat(STDERR_FILENO, &information) == 0 else {
            return false
        }
        return stream == "\(information.st_dev):\(information.st_ino)"
    }

    /// `wesher` calls one of them `warn`.
    private static func level(_ text: String) -> Logger.Level? {
        text == "warn" ? .warning : Logger.Level(rawValue: text)
    }

    private func nodeName() throws -> NodeName {
        if let text = text(.name) {
            guard let name = NodeName(text) else { throw refusal(.name, value: text, "1 to 63 of a-z, 0-9 and hyphens, as in a host name") }
            return name
        }
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { throw Failure("this host has no name: give one with --name") }
        return NodeName(hostname: String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
    }

    private func text(_ setting: Setting) -> String? { given[setting]?.values.first }

    private func label(_ setting: Setting, _ value: GivenValue) -> String { value.origin.label(setting) }

    private func refusal(_ setting: Setting, value: String? = nil, _ reason: String) -> Failure {
        given.refusal(setting, value: value, reason)
    }
}

extension GivenSettings {
    /// Says where the value stands, the value if it is no secret, and what is wrong with it.
    func refusal(_ setting: Setting, value: String? = nil, _ reason: String) -> Failure {
        let label = self[setting]?.origin.label(setting) ?? setting.flag
        return Failure("\(label)\(value.map { " \(Self.shown($0))" } ?? ""): \(reason)")
    }

    private static func shown(_ value: String) -> String {
        guard ProcessArguments.secretStart(in: value, after: "") == nil else { return "(not shown: it holds a secret)" }
        return LineLogHandler.escaped(String(value.prefix(80)))
    }
}

extension DaemonSettings.WireGuardChoice {
    /// What is offered: not what is for benchmarks alone.
    static var shown: [String] { allCases.filter { $0 != .nobody }.map(\.rawValue) }
}
