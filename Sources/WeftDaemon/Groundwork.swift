import HostProcess
import LocalAPI
import UserspaceWireGuard

/// What a node opens before its first thread: all that only root may open, if root has started it. Then it is root no more.
package struct Groundwork: Sendable {
    let state: StateDirectory
    let commands: LocalSocket
    let tunnels: TunReserve
    /// To the process that writes the hosts file and tells systemd-resolved; `nil` if there is none.
    let names: CInt?

    /// Opens everything, becomes an unprivileged user with CAP_NET_ADMIN alone, and keeps that for good.
    ///
    /// - Throws: what is in the way, before anything is lost.
    package init(_ settings: DaemonSettings) throws(DaemonError) {
        state = try StateDirectory(path: settings.stateDirectory)
        guard Privileges.hasNetAdmin else { throw .missingCapability }
        let user = Privileges.isRoot ? try Self.serviceUser(settings) : nil
        if let user {
            try state.give(to: user)
            SharedFolder.prepareAll(for: user, settings.wireguard)
        }
        tunnels = TunReserve(for: settings.wireguard)
        commands = try Self.bind(settings, user)
        names =
            user != nil && settings.publishesNames
            ? NamesKeeperProcess.start(interface: settings.interface, hostsPath: settings.hostsFile) : nil
        do {
            try Privileges.giveUp(for: user ?? .standard)
        } catch {
            commands.discard()
            throw .process("\(error)")
        }
    }

    private static func serviceUser(_ settings: DaemonSettings) throws(DaemonError) -> ServiceUser {
        do { return try ServiceUser(named: settings.user) } catch { throw .process("\(error)") }
    }

    private static func bind(_ settings: DaemonSettings, _ user: ServiceUser?) throws(DaemonError) -> LocalSocket {
        do {
            return try LocalSocket(at: settings.socketPath, owner: user.map { ($0.id, $0.group) })
        } catch {
            throw .localSocket("\(error)")
        }
    }
}

extension SharedFolder {
    /// Where sockets are: ours, and those of programs that provide a userspace WireGuard.
    fileprivate static func prepareAll(for user: ServiceUser, _ choice: DaemonSettings.WireGuardChoice) {
        prepare("/run/weft", for: user)
        switch choice {
        case .kernel, .nobody: break
        case .auto, .wireguardGo, .boringtun: prepare(UserspaceProgram.socketFolder, for: user)
        }
    }
}
