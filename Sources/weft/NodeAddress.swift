import Settings

/// Which node a command is for: several may run on one machine, each with an interface of its own.
struct NodeAddress {
    let interface: String
    let socketPath: String

    init(_ given: GivenSettings) throws {
        interface = given[.interface]?.values.first ?? "weft0"
        guard (1...15).contains(interface.utf8.count), !interface.contains("/"), !interface.contains(":"),
            !interface.contains(where: \.isWhitespace),
            interface != ".", interface != ".."
        else {
            throw given.refusal(.interface, value: interface, "a name of 1 to 15 characters, without spaces or slashes")
        }
        socketPath = given[.socket]?.values.first ?? "/run/weft/\(interface).sock"
    }
}

extension NodeFlags {
    /// The node that the flags, the environment or the settings file name.
    func address() throws -> NodeAddress { try NodeAddress(SettingsLoader.ofThisProcess.load(self)) }
}
