import DNSCodec
import Glibc
import IPAddresses

/// Tells systemd-resolved, by resolvectl(1), who answers for the mesh's names on its interface. What it was told goes away with the
/// interface. All calls block for as long as the program takes, and at most for `timeout`: they belong on a thread that may wait.
package struct ResolverRegistration: Sendable {
    package static let defaultTimeout = Duration.seconds(5)
    /// Where it may be installed.
    package static let paths = [
        "/usr/bin/resolvectl", "/bin/resolvectl", "/usr/local/bin/resolvectl", "/run/current-system/sw/bin/resolvectl",
    ]
    /// The most zones that it is told of: the command line they make is far below every limit.
    package static let maximumZones = 512

    package enum Outcome: Hashable, Sendable {
        case done
        /// There is no resolvectl, or systemd-resolved does not run: names are looked up in another way here, and that is no fault.
        case notAvailable
    }

    private let interface: String
    private let paths: [String]
    private let timeout: Duration

    /// `nil` unless `interface` is a name that a network interface can have.
    package init?(interface: String, paths: [String] = paths, timeout: Duration = defaultTimeout) {
        guard HostsBlock.isInterfaceName(interface) else { return nil }
        self.interface = interface
        self.paths = paths
        self.timeout = timeout
    }

    /// Names in these zones, and no others, are asked for at `server`. If a part of it fails, all of it is taken back.
    package func register(server: SocketAddress, zones: [DNSName]) throws(ResolverRegistrationError) -> Outcome {
        let zones = zones.prefix(Self.maximumZones).map { "~\($0.description.dropLast())" }.filter { $0 != "~" }
        let commands = [["dns", interface, server.description], ["domain", interface] + zones, ["default-route", interface, "false"]]
        do throws(ResolverRegistrationError) {
            for command in commands {
                guard try run(command) == .done else { return .notAvailable }
            }
            return .done
        } catch {
            _ = try? revert()
            throw error
        }
    }

    /// It knows nothing of us any more.
    package func revert() throws(ResolverRegistrationError) -> Outcome {
        try run(["revert", interface])
    }

    private func run(_ arguments: [String]) throws(ResolverRegistrationError) -> Outcome {
        guard let path = paths.first(where: { access($0, X_OK) == 0 }) else { return .notAvailable }
        let command = (["resolvectl"] + arguments.prefix(3)).joined(separator: " ")
        let end: ShortProcess.End
        do throws(CallError) {
            end = try ShortProcess.run(path, arguments: ["resolvectl"] + arguments, environment: Self.environment, timeout: timeout)
        } catch {
            if error.errno == ENOENT { return .notAvailable }
            throw ResolverRegistrationError(kind: .cannotRun(call: error.call, errno: error.errno), command: command)
        }
        switch end {
        case .exited(status: 0, _): return .done
        case .exited(_, let output) where Self.saysThatNobodyIsThere(output): return .notAvailable
        case .exited(let status, let output):
            throw ResolverRegistrationError(kind: .refused(status: status, lastLine: ShortProcess.lastLine(of: output)), command: command)
        case .timedOut: throw ResolverRegistrationError(kind: .timedOut, command: command)
        }
    }

    /// Its texts in English, without colours and questions.
    private static let environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "SYSTEMD_COLORS=0", "SYSTEMD_PAGER=cat"]

    /// What it says where there is no bus, no systemd, or no such service: sd-bus, `sd_booted`, the bus's daemon and its activation.
    private static let absences = [
        "Failed to connect to bus", "Failed to connect to system bus", "sd_bus_open_system", "not been booted with systemd",
        "org.freedesktop.resolve1 was not provided", "org.freedesktop.resolve1.service not found",
        "Unit dbus-org.freedesktop.resolve1.service",
        "Could not activate remote peer", "ServiceUnknown", "Failed to activate service 'org.freedesktop.resolve1'",
    ]

    private static func saysThatNobodyIsThere(_ output: [UInt8]) -> Bool {
        let text = String(decoding: output, as: UTF8.self)
        return absences.contains { text.contains($0) }
    }
}
