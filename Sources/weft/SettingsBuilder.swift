import ArgumentParser
import Glibc
import IPAddresses
import Mesh
import WeftDaemon

/// From flags and environment to settings; whatever is wrong is said in words, before anything is touched.
struct SettingsBuilder {
    let options: RunCommand
    let environment: (String) -> String?

    func settings() throws -> DaemonSettings {
        let name = try nodeName()
        var settings = DaemonSettings(
            name: name, stateDirectory: options.stateDir ?? "/var/lib/weft/\(options.node.interface)", socketPath: options.node.socketPath)
        settings.interface = options.node.interface
        settings.startsOver = options.startsOver
        settings.clusterPort = try port(options.clusterPort, "--cluster-port")
        settings.wireguardPort = try port(options.wireguardPort, "--wireguard-port")
        settings.bindAddress = try options.bindAddr.map { try address($0, "--bind-addr") }
        settings.bindInterface = options.bindIface
        settings.advertiseAddresses = try options.advertiseAddr.map { try address($0, "--advertise-addr") }
        settings.overlay = try overlay()
        settings.wireguard = options.wireguard
        settings.persistentKeepaliveSeconds = options.persistentKeepalive
        settings.isEphemeral = options.ephemeral
        settings.logLevel = options.logLevel
        guard options.bindAddr == nil || options.bindIface == nil else {
            throw ValidationError("--bind-addr and --bind-iface exclude each other")
        }
        (settings.mesh, settings.joinHosts) = try mesh()
        return settings
    }

    private func mesh() throws -> (DaemonSettings.MeshChoice, [JoinHost]) {
        let given = options.join.isEmpty ? [environment("WEFT_JOIN") ?? ""] : options.join
        let targets = given.flatMap { $0.split(separator: ",") }.map(trimmed).filter { !$0.isEmpty }
        let tokens = try targets.filter(looksLikeToken).map(token)
        let hosts = try targets.filter { !looksLikeToken($0) }.map(host)
        guard Set(tokens.map(\.secret)).count <= 1 else { throw ValidationError("--join: the tokens are of different meshes") }
        let secret = try (options.clusterKey ?? environment("WEFT_CLUSTER_KEY")).map(clusterKey)
        if let token = tokens.first {
            guard secret == nil || secret == token.secret else {
                throw ValidationError("--cluster-key is not the secret of the mesh that the token is for: one of the two is enough")
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
        do { return try JoinToken(text) } catch { throw ValidationError("--join: \(error)") }
    }

    private func host(_ text: String) throws -> JoinHost {
        guard let host = JoinHost(text, defaultPort: options.clusterPort) else {
            let shown = mayBeSecret(text) ? "(not shown: it may hold a secret)" : text
            throw ValidationError("--join \(shown): neither a join token (weft1…) nor a host[:port]")
        }
        return host
    }

    private func clusterKey(_ text: String) throws -> MeshSecret {
        guard let secret = MeshSecret(clusterKey: text) else {
            throw ValidationError(
                "--cluster-key: a key is 32 bytes in base64, 44 characters; this one is not (make one with `head -c32 /dev/urandom | base64`)"
            )
        }
        return secret
    }

    private func overlay() throws -> OverlayRanges? {
        guard !options.overlayNet.isEmpty else { return nil }
        let prefixes = try options.overlayNet.map { text in
            guard let prefix = IPPrefix(text) else {
                throw ValidationError("--overlay-net \(text): a range looks like 10.5.0.0/16 or fd12:3456::/64")
            }
            return prefix
        }
        do { return try OverlayRanges(prefixes) } catch { throw ValidationError("--overlay-net: \(error)") }
    }

    private func address(_ text: String, _ option: String) throws -> IPAddress {
        guard let address = IPAddress(text) else { throw ValidationError("\(option) \(text): not an IP address") }
        return address
    }

    private func port(_ number: UInt16, _ option: String) throws -> UInt16 {
        guard number > 0 else { throw ValidationError("\(option) 0: a port from 1 to 65535, so that others can know it") }
        return number
    }

    private func nodeName() throws -> NodeName {
        if let given = options.name {
            guard let name = NodeName(given) else {
                throw ValidationError("--name \(given): 1 to 63 of a-z, 0-9 and hyphens, as in a host name")
            }
            return name
        }
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { throw ValidationError("this host has no name: give one with --name") }
        return NodeName(hostname: String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
    }
}
