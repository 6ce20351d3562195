import ArgumentParser
import Glibc
import LoopRuntime
import Settings
import WeftDaemon

/// Runs a node in the foreground.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Run a node in the foreground (the default).")

    @OptionGroup var node: NodeFlags
    @OptionGroup var flags: SettingFlags

    @Flag(help: "With --init: do not ask.")
    var yes = false

    func run() throws {
        let loader = SettingsLoader.ofThisProcess
        let given = try loader.load(node, flags)
        let settings = try SettingsBuilder(given: given).settings()
        for hint in given.hints { Failure.write("Hint: \(LineLogHandler.escaped(hint))\n") }
        try StartingOver(settings: settings, isConfirmed: yes).confirm()
        guard let signals = Signals.block() else { throw Failure("cannot receive signals on this system") }
        signal(SIGPIPE, SIG_IGN)
        let groundwork = try Groundwork(settings)
        let status = LoopRuntime.run { executor in
            do throws(DaemonError) {
                let daemon = Daemon(settings: settings, groundwork: groundwork, signals: signals, executor: executor) {
                    try reload(loader, since: given)
                }
                try await daemon.run { Announcement.print($0, socket: settings.socketPath) }
                return EXIT_SUCCESS
            } catch {
                Failure.tell("\(error)")
                return EXIT_FAILURE
            }
        }
        throw ExitCode(status)
    }

    private func reload(_ loader: SettingsLoader, since before: GivenSettings) throws -> ReloadedSettings {
        let now = try loader.load(node, flags)
        let waiting = now.changes(since: before).filter { $0.moment == .restart }
        return ReloadedSettings(settings: try SettingsBuilder(given: now).settings(), waitingForRestart: waiting.map(\.key))
    }
}
