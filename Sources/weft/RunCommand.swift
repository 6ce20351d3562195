import ArgumentParser
import Glibc
import IPAddresses
import Logging
import LoopRuntime
import Mesh
import WeftDaemon

/// Runs a node in the foreground.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Run a node in the foreground (the default).")

    @OptionGroup var node: NodeAddressOptions

    @Option(
        help: ArgumentHelp(
            "A join token, or a member's host[:port] (then with --cluster-key). May be repeated. Also from WEFT_JOIN, which other users cannot see.",
            valueName: "token|host"))
    var join: [String] = []

    @Option(
        name: [.customLong("cluster-key"), .customLong("clusterkey")],
        help: ArgumentHelp(
            "The mesh's secret: 32 bytes in base64. Also from WEFT_CLUSTER_KEY, which other users cannot see.", valueName: "base64"))
    var clusterKey: String?

    @Flag(name: .customLong("init"), help: "Start over: forget the stored identity, mesh and members. On a terminal it asks first.")
    var startsOver = false

    @Flag(help: "With --init: do not ask.")
    var yes = false

    @Option(help: "This node's name (default: the host's name).")
    var name: String?

    @Option(help: ArgumentHelp("Listen for peers on this address alone.", valueName: "address"))
    var bindAddr: String?

    @Option(help: ArgumentHelp("Listen for peers on the addresses of this interface alone.", valueName: "interface"))
    var bindIface: String?

    @Option(help: ArgumentHelp("An address to tell others beside the machine's own. May be repeated.", valueName: "address"))
    var advertiseAddr: [String] = []

    @Option(help: ArgumentHelp("TCP port for peers.", valueName: "port"))
    var clusterPort: UInt16 = 10042

    @Option(help: ArgumentHelp("UDP port of WireGuard.", valueName: "port"))
    var wireguardPort: UInt16 = 10042

    @Option(help: ArgumentHelp("Overlay range, at most one of IPv4 and one of IPv6 (default: derived from the secret).", valueName: "cidr"))
    var overlayNet: [String] = []

    @Option(help: ArgumentHelp("Where the node keeps its identity (default: /var/lib/weft/<interface>).", valueName: "folder"))
    var stateDir: String?

    @Option(help: "Who implements WireGuard: auto, kernel, wireguard-go, boringtun.")
    var wireguard: DaemonSettings.WireGuardChoice = .auto

    @Option(help: ArgumentHelp("Keep mappings of a NAT router open by a packet every so many seconds; 0 is off.", valueName: "seconds"))
    var persistentKeepalive: UInt16 = 0

    @Flag(help: "A short lease: when this node dies, it is forgotten after minutes instead of days.")
    var ephemeral = false

    @Option(help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel: Logger.Level = .info

    func run() throws {
        let settings = try SettingsBuilder(options: self, environment: { getenv($0).map { String(cString: $0) } }).settings()
        try StartingOver(settings: settings, isConfirmed: yes).confirm()
        guard let signals = Signals.block() else { throw Failure("cannot receive signals on this system") }
        signal(SIGPIPE, SIG_IGN)
        let status = LoopRuntime.run { executor in
            do throws(DaemonError) {
                try await Daemon(settings: settings, signals: signals, executor: executor).run { Announcement.print($0, node) }
                return EXIT_SUCCESS
            } catch {
                Failure.tell("\(error)")
                return EXIT_FAILURE
            }
        }
        throw ExitCode(status)
    }
}

extension DaemonSettings.WireGuardChoice: ExpressibleByArgument {
    /// What `--help` offers: not what is for benchmarks alone.
    package static var allValueStrings: [String] { allCases.filter { $0 != .nobody }.map(\.rawValue) }
}
extension Logger.Level: @retroactive ExpressibleByArgument {}
