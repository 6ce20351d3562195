import ArgumentParser
import WeftDaemon

/// Which node a command is for: several may run on one machine, each with an interface of its own.
struct NodeAddressOptions: ParsableArguments {
    @Option(help: "The node's network interface.")
    var interface = "weft0"

    @Option(help: ArgumentHelp("The node's control socket (default: /run/weft/<interface>.sock).", valueName: "path"))
    var socket: String?

    var socketPath: String { socket ?? "/run/weft/\(interface).sock" }

    func validate() throws {
        guard (1...15).contains(interface.utf8.count), !interface.contains("/"), !interface.contains(" "), interface != ".",
            interface != ".."
        else {
            throw ValidationError("--interface \(interface): a name of 1 to 15 characters, without spaces or slashes")
        }
    }
}
