import Glibc
import IPAddresses
import Logging
import Mesh
import WireGuard

/// What the user decided, checked for itself but not yet against the machine.
package struct DaemonSettings: Sendable {
    /// Who implements WireGuard.
    package enum WireGuardChoice: String, CaseIterable, Sendable {
        /// The kernel where it can, else an installed userspace program.
        case auto
        case kernel
        case wireguardGo = "wireguard-go"
        case boringtun
        /// Nobody: the node takes part in the mesh and makes no interface. For benchmarks; `--help` does not name it.
        case nobody = "none"
    }

    /// Whether DNS questions are answered.
    package enum DNSChoice: String, CaseIterable, Sendable {
        /// Where systemd-resolved runs, which is told then.
        case auto
        case on
        case off
    }

    /// How the mesh was named.
    package enum MeshChoice: Sendable {
        /// The stored one, else a new one.
        case storedOrNew
        case token(JoinToken)
        /// The secret alone: the overlay follows from it, unless it is set.
        case secret(MeshSecret)
    }

    package var mesh: MeshChoice = .storedOrNew
    /// Hosts to join by, beside those of a token.
    package var joinHosts: [JoinHost] = []
    /// Forgets the stored mesh first.
    package var startsOver = false
    package var name: NodeName
    /// Whom a node becomes that root starts: an account's name or a number. `nil`: the account `weft`, or a number of nobody's.
    package var user: String?
    package var interface = "weft0"
    package var stateDirectory: String
    package var socketPath: String
    /// Listens on this address alone; `nil` is all.
    package var bindAddress: IPAddress?
    /// Listens on the addresses of this interface alone.
    package var bindInterface: String?
    /// Told to others beside the machine's own addresses: where a router forwards to us.
    package var advertiseAddresses: [IPAddress] = []
    package var clusterPort: UInt16 = 10042
    package var wireguardPort: UInt16 = 10042
    /// `nil`: what the token says, else what follows from the secret.
    package var overlay: OverlayRanges?
    package var wireguard: WireGuardChoice = .auto
    package var persistentKeepaliveSeconds: UInt16 = 0
    package var isEphemeral = false
    /// The hosts file that the names stand in; `nil`: in none.
    package var hostsFile: String? = "/etc/hosts"
    package var dns: DNSChoice = .auto
    package var dnsPort: UInt16 = 10053
    /// Whether members on the same link are looked for, and told of this one.
    package var findsNeighbours = true
    /// Whether the local router is asked to forward the node's ports.
    package var mapsPorts = true
    /// Where Prometheus may ask; `nil`: nowhere.
    package var metricsAddress: SocketAddress?
    /// Where a browser of this machine sees the mesh; `nil`: nowhere.
    package var webAddress: SocketAddress?
    package var logLevel: Logger.Level = .info
    package var logFormat: LogFormat = .text

    var publishesNames: Bool { hostsFile != nil || answeredPort != nil }

    /// Where DNS questions are answered, at this node's own addresses; `nil`: nowhere.
    var answeredPort: UInt16? {
        switch dns {
        case .on: dnsPort
        case .off: nil
        case .auto: access("/run/systemd/resolve", F_OK) == 0 ? dnsPort : nil
        }
    }

    package init(name: NodeName, stateDirectory: String, socketPath: String) {
        self.name = name
        self.stateDirectory = stateDirectory
        self.socketPath = socketPath
    }
}

/// Settings that were read again while the node runs.
package struct ReloadedSettings: Sendable {
    package var settings: DaemonSettings
    /// Names of those that changed and need a restart.
    package var waitingForRestart: [String]

    package init(settings: DaemonSettings, waitingForRestart: [String]) {
        self.settings = settings
        self.waitingForRestart = waitingForRestart
    }
}

/// A host to join by: a name or an address, and a port.
package struct JoinHost: Hashable, Sendable, CustomStringConvertible {
    package let host: String
    package let port: UInt16

    /// Parses `host`, `host:port`, `1.2.3.4:port`, `[fd00::1]:port` or a bare IPv6 address. `nil` for what cannot be a host.
    package init?(_ text: String, defaultPort: UInt16) {
        if let address = IPAddress(text) {
            self.init(host: address.description, port: defaultPort)
        } else if let both = SocketAddress(text) {
            guard both.port > 0 else { return nil }
            self.init(host: both.address.description, port: both.port)
        } else {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 2, Self.isHostName(parts[0]) else { return nil }
            guard parts.count == 2 else {
                self.init(host: String(parts[0]), port: defaultPort)
                return
            }
            guard Self.isNumber(parts[1]), let port = UInt16(parts[1]), port > 0 else { return nil }
            self.init(host: String(parts[0]), port: port)
        }
    }

    private init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// RFC 1123 section 2.1, with underscores as many networks have them, and a dot at the end as the DNS has it.
    private static func isHostName(_ text: Substring) -> Bool {
        let labels = (text.last == "." ? text.dropLast() : text).split(separator: ".", omittingEmptySubsequences: false)
        let isMistypedAddress = labels.count > 1 && labels.allSatisfy(isNumber)
        return text.utf8.count <= 253 && labels.allSatisfy(isLabel) && !isMistypedAddress
    }

    private static func isNumber(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func isLabel(_ text: Substring) -> Bool {
        (1...63).contains(text.utf8.count) && text.first != "-" && text.last != "-"
            && text.utf8.allSatisfy { (0x61...0x7a).contains($0 | 0x20) || (0x30...0x39).contains($0) || [0x2d, 0x5f].contains($0) }
    }

    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
