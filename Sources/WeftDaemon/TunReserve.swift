import Glibc
import Synchronization
import UserspaceWireGuard

/// `/dev/net/tun`, opened while the process may: on some systems root alone may. A program that provides a userspace WireGuard takes one
/// at each start, and may have to be started again.
final class TunReserve: Sendable {
    /// So often a program can be started where we may not open the device ourselves.
    static let count = 8

    private let unused: Mutex<[TunAccess]>

    /// Empty where it is not needed: anybody may open the device, or the kernel does the work.
    init(for choice: DaemonSettings.WireGuardChoice) {
        let isNeeded =
            switch choice {
            case .kernel, .nobody: false
            case .auto: !Self.kernelHasWireGuard && Self.isForRootAlone
            case .wireguardGo, .boringtun: Self.isForRootAlone
            }
        unused = Mutex(isNeeded ? (0..<Self.count).compactMap { _ in try? TunAccess() } : [])
    }

    /// `nil`: let the program open it.
    func take() -> TunAccess? { unused.withLock { $0.popLast() } }

    /// The module is loaded, or built in. One that can be loaded is not seen: then the reserve is made and not used.
    private static var kernelHasWireGuard: Bool { access("/sys/module/wireguard", F_OK) == 0 }

    private static var isForRootAlone: Bool {
        var information = stat()
        guard stat("/dev/net/tun", &information) == 0 else { return false }
        return information.st_mode & (S_IROTH | S_IWOTH) != (S_IROTH | S_IWOTH)
    }
}
