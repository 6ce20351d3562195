import CLinux
import Glibc
import Naming

/// The process that tells this machine's other programs the mesh's names: it stays root, without any capability, and reads nothing but what
/// its node says.
enum NamesKeeperProcess {
    private static let name = "weft-names"

    /// Starts it, as long as this process is root and has no thread. `nil` if it cannot be started.
    ///
    /// - Returns: the node's end of the connection. When it is closed, the process takes back what it told, and ends.
    static func start(interface: String, hostsPath: String?) -> CInt? {
        var ends: [CInt] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else { return nil }
        let child = weft_fork_without_capabilities(ends[1], name)
        if child == 0 {
            var keeper = NamesKeeper(descriptor: 3, interface: interface, hostsPath: hostsPath)
            _ = keeper?.run()
            _exit(0)
        }
        close(ends[1])
        guard child > 0 else {
            close(ends[0])
            return nil
        }
        return ends[0]
    }
}
