import ArgumentParser
import Glibc
import LoopRuntime
import Settings
import WeftDaemon

/// Runs a node in the foreground, with what its command line says.
struct NodeRun {
    /// What was said of each setting.
    var texts: [Setting: [String]]
    /// A settings file that was named.
    var config: String?
    /// `--init` needs no question.
    var isConfirmed = false

    func run() throws {
        let loader = SettingsLoader.ofThisProcess
        let given = try loader.load(texts, config: config)
        let settings = try SettingsBuilder(given: given).settings()
        for hint in given.hints { Failure.write("Hint: \(LineLogHandler.escaped(hint))\n") }
        try StartingOver(settings: settings, isConfirmed: isConfirmed).confirm()
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
        let now = try loader.load(texts, config: config)
        let waiting = now.changes(since: before).filter { $0.moment == .restart }
        return ReloadedSettings(settings: try SettingsBuilder(given: now).settings(), waitingForRestart: waiting.map(\.key))
    }
}

extension NodeRun {
    /// The arguments, if they are nothing but settings in their full form, each with its value behind it; `nil` leaves them to ArgumentParser.
    ///
    /// That is how services start a node, and then ArgumentParser would take a fifth of the time until the others know it
    /// (docs/BENCHMARKS.md, "A second node").
    init?(plain arguments: [String]) {
        var texts: [Setting: [String]] = [:]
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard let setting = Setting.all.first(where: { $0.flag == argument }), let value = Self.value(of: setting, &rest) else {
                return nil
            }
            if case .list = setting.kind {} else if texts[setting] != nil { return nil }
            texts[setting, default: []].append(value)
        }
        self.init(texts: texts)
    }

    private static func value(of setting: Setting, _ rest: inout ArraySlice<String>) -> String? {
        if case .toggle = setting.kind { return "true" }
        guard let value = rest.popFirst(), let first = value.first, first != "-" else { return nil }
        return value
    }
}
