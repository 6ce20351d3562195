import ArgumentParser
import Settings

/// What the settings are, and whether a file of them is right.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Show the settings that hold, and where each comes from; check a settings file.",
        subcommands: [ShowConfigCommand.self, CheckConfigCommand.self, ExampleConfigCommand.self, ReferenceConfigCommand.self],
        defaultSubcommand: ShowConfigCommand.self)
}

/// Shows what `weft run` would start with.
struct ShowConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what `weft run` with these flags would start with (the default).",
        discussion: "The lines are a settings file; behind each stands where the value comes from. Secrets are not shown.")

    @OptionGroup var node: NodeFlags
    @OptionGroup var flags: SettingFlags

    func run() throws {
        let given = try SettingsLoader.ofThisProcess.load(node, flags)
        _ = try SettingsBuilder(given: given).settings()
        print(Listing.effective(given).joined(separator: "\n"))
    }
}

/// Says whether a file can be used.
struct CheckConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Tell what is wrong with a settings file.", discussion: "Exit status 0: nothing is.")

    @Argument(help: "The file.")
    var file = Setting.standardFile

    func run() throws {
        try Self.check(SettingsLoader.existing(SettingsLoader.read(file), file))
        print("\(file): no faults")
    }

    /// Throws all faults of it, a line each.
    static func check(_ file: SettingsFile) throws {
        guard file.problems.isEmpty else { throw Failure(file.problems.joined(separator: "\n")) }
        _ = try SettingsBuilder(given: GivenSettings(flags: [:], environment: [:], file: file)).settings()
    }
}

/// Prints a file to begin with.
struct ExampleConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "example", abstract: "Print a settings file in which everything is explained and nothing is set.")

    func run() throws {
        print(Listing.exampleFile, terminator: "")
    }
}

/// Prints what docs/SETTINGS.md holds.
struct ReferenceConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "reference", abstract: "Print a table of all settings, as Markdown.")

    func run() throws {
        print(Listing.reference, terminator: "")
    }
}
