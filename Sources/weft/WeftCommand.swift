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
        subcommands: [RunCommand.self, StatusCommand.self, TokenCommand.self, LeaveCommand.self],
        defaultSubcommand: RunCommand.self)

    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        ProcessArguments.hideSecrets()
        main(arguments)
    }
}
