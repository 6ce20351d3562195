import ArgumentParser

/// Runs a node in the foreground.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Run a node in the foreground (the default).")

    @OptionGroup var node: NodeFlags
    @OptionGroup var flags: SettingFlags

    @Flag(help: "With --init: do not ask.")
    var yes = false

    /// What a node's run needs of it.
    var plan: NodeRun { NodeRun(texts: node.texts.merging(flags.texts) { $1 }, config: node.config, isConfirmed: yes) }

    func run() throws { try plan.run() }
}
