import ArgumentParser
import WeftDaemon

/// The program. Without a sub-command it runs a node.
@main
struct WeftCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weft",
        abstract: "Weaves machines into one encrypted network.",
        discussion: """
            The first node creates a mesh:        sudo weft
            It prints a token; any other joins:   sudo weft --join weft1…
            Then see who is there:                sudo weft status
            """,
        version: WeftVersion.number,
        subcommands: [
            RunCommand.self, StatusCommand.self, PeersCommand.self, PingCommand.self, TokenCommand.self, LeaveCommand.self,
            ForgetCommand.self, DoctorCommand.self, ConfigCommand.self, ImportCommand.self, LogLevelCommand.self, NamesKeeperCommand.self,
            CompletionCommand.self,
        ],
        defaultSubcommand: RunCommand.self)

    static func main() {
        // Swift reads them from there, and finds none without it: then whatever was asked for would start a node.
        guard CommandLine.argc > 0 else {
            Failure.tell("cannot read the arguments, for /proc is not mounted here: mount it (`mount -t proc proc /proc`)")
            exit(withError: ExitCode.failure)
        }
        let arguments = Array(CommandLine.arguments.dropFirst())
        ProcessArguments.hideSecrets()
        do {
            if let run = NodeRun(plain: arguments) { return try run.run() }
            var command = try parseAsRoot(arguments)
            try command.run()
        } catch {
            end(error, arguments)
        }
    }

    private static func end(_ error: any Error, _ arguments: [String]) -> Never {
        let text = fullMessage(for: error)
        let redacted = redacted(text, arguments)
        guard redacted != text else { exit(withError: error) }
        Failure.write(redacted + "\n")
        exit(withError: exitCode(for: error))
    }

    /// ArgumentParser repeats what it cannot make sense of; a token in the wrong place is secret still.
    static func redacted(_ text: String, _ arguments: [String]) -> String {
        ProcessArguments.secrets(in: arguments).reduce(text) { $1.isEmpty ? $0 : $0.replacing($1, with: "(secret)") }
    }
}
