import ArgumentParser
import Glibc
import LocalAPI
import Naming
import Settings

/// For a service beside the node's: a node that is not started by root can neither write the hosts file nor tell systemd-resolved.
struct NamesKeeperCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "names-keeper", abstract: "Keep the members' names in the hosts file and in systemd-resolved while the node runs.",
        discussion: "Needed where root does not start the node itself: as root, for `weft-names.service`.")

    @OptionGroup var node: NodeFlags

    @Option(.hostsFile) var hostsFile: String?

    @Flag(help: "Only take away what a keeper that was killed has left in the hosts file.")
    var remove = false

    func run() throws {
        let given = try SettingsLoader.ofThisProcess.load(node, [.hostsFile: hostsFile.map { [$0] } ?? []])
        let address = try NodeAddress(given)
        let path = try SettingsBuilder(given: given).hostsFile()
        let descriptor = remove ? -1 : try Self.subscribe(address.socketPath)
        guard var keeper = NamesKeeper(descriptor: descriptor, interface: address.interface, hostsPath: path) else {
            throw Failure("--interface \(address.interface): not a name that a network interface can have")
        }
        guard !remove else { return keeper.takeBack() }
        guard keeper.run() else { throw Failure("the node tells no names: they are off in its settings, or it is of another version") }
    }

    private static func subscribe(_ path: String) throws -> CInt {
        do { return try LocalClient.open(LocalRequest(.names), at: path) } catch { throw Failure("\(error)") }
    }
}
