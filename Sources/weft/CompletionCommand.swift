import ArgumentParser

/// Prints what makes a shell complete commands and flags.
struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print a script that makes a shell complete weft's commands and flags.",
        discussion: "For bash: weft completion bash >/etc/bash_completion.d/weft")

    @Argument(help: "bash, zsh or fish.")
    var shell: CompletionShell

    func run() throws {
        print(WeftCommand.completionScript(for: shell))
    }
}

extension CompletionShell: @retroactive ExpressibleByArgument {}
