import Glibc
import LinuxNetwork
import UserspaceWireGuard
import WireGuard

/// Chooses who implements WireGuard, and makes the interface: the kernel where it can, else an installed program.
struct WireGuardBackend: Sendable {
    let choice: DaemonSettings.WireGuardChoice
    let kernel: KernelNetwork
    let tunnels: TunReserve
    /// Called when a userspace program ends by itself, and its interface with it.
    let onEnd: @Sendable () -> Void

    /// Takes over an interface that a node before us left behind; programs in userspace end with their node, so it is the kernel's.
    func adopt(_ name: String) async throws -> any WireGuardDevice {
        try await KernelWireGuardDevice.open(interface: name, network: kernel)
    }

    func create(_ name: String) async throws -> any WireGuardDevice {
        switch choice {
        case .kernel: try await KernelWireGuardDevice.create(interface: name, network: kernel)
        case .wireguardGo: try await startProgram(.wireguardGo, name)
        case .boringtun: try await startProgram(.boringtun, name)
        case .auto: try await firstThatWorks(name)
        case .nobody: throw DaemonError.internalFault("an interface is to be made by nobody")
        }
    }

    private func firstThatWorks(_ name: String) async throws -> any WireGuardDevice {
        do {
            return try await KernelWireGuardDevice.create(interface: name, network: kernel)
        } catch let error where error.kind == .notSupported {
            return try await startProgram(nil, name)
        }
    }

    private func startProgram(_ kind: UserspaceProgram.Kind?, _ name: String) async throws -> any WireGuardDevice {
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/sbin:/usr/bin:/sbin:/bin"
        guard let program = UserspaceProgram.find(in: path, kind: kind) else {
            throw DaemonError.wireguardMissing(program: kind?.rawValue)
        }
        return try await UserspaceWireGuardDevice.start(program, interface: name, tun: tunnels.take()) { _ in onEnd() }
    }
}
