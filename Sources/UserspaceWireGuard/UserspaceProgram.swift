#if canImport(Glibc)
    import Glibc
#endif

/// An implementation of WireGuard outside the kernel that is installed here.
package struct UserspaceProgram: Hashable, Sendable {
    /// In the order of preference.
    package enum Kind: String, CaseIterable, Hashable, Sendable {
        case wireguardGo = "wireguard-go"
        case boringtun = "boringtun-cli"
    }

    /// Where the programs open their sockets: fixed in all of them, and one directory for all network namespaces.
    package static let socketFolder = "/var/run/wireguard"

    package let kind: Kind
    /// Absolute path of the executable.
    package let path: String

    package init(kind: Kind, path: String) {
        self.kind = kind
        self.path = path
    }

    /// The first program found in `path`, a list of directories as in `PATH`; `kind` asks for that one only.
    /// Directories that are not absolute are skipped.
    package static func find(in path: String, kind: Kind? = nil) -> UserspaceProgram? {
        let directories = path.split(separator: ":").filter { $0.hasPrefix("/") }
        for wanted in kind.map({ [$0] }) ?? Kind.allCases {
            for directory in directories {
                let candidate = "\(directory)/\(wanted.rawValue)"
                if isExecutableFile(candidate) { return UserspaceProgram(kind: wanted, path: candidate) }
            }
        }
        return nil
    }

    private static func isExecutableFile(_ path: String) -> Bool {
        var information = stat()
        return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }

    /// In the foreground, so that the process is our own child.
    func arguments(interface: String) -> [String] {
        [path, "-f", interface]
    }

    /// The whole environment of the child: nothing of ours is passed on. With `passedTun` its descriptor 3 is the interface.
    func environment(passedTun: Bool) -> [String] {
        let tun = passedTun ? ["WG_TUN_FD=3"] : []
        return switch kind {
        // The second one silences a banner that recommends the kernel's own WireGuard.
        case .wireguardGo: tun + ["LOG_LEVEL=error", "WG_PROCESS_FOREGROUND=1"]
        // WG_SUDO keeps it from switching to the login user, who there is none of under a service manager.
        case .boringtun: tun + ["WG_LOG_LEVEL=error", "WG_SUDO=1"]
        }
    }

    /// Its first line names the version.
    var versionArguments: [String] { [path, "--version"] }

    /// What it expects of an interface that it is given; it cannot be asked, but its version tells.
    ///
    /// wireguard-go reads bare packets since it reads many at once, of which the releases of 2023 on are.
    ///
    /// - Parameter version: what it says to `versionArguments`.
    func tunFraming(version: String) -> TunFraming {
        let start = "wireguard-go v0.0."
        guard kind == .wireguardGo, version.hasPrefix(start), let date = Int(version.dropFirst(start.count).prefix(8)) else { return .bare }
        return date < 2023_03_01 ? .packetInformation : .bare
    }
}
