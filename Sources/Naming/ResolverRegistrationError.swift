import Glibc
import IPAddresses

/// Why systemd-resolved was not told, in words that say what to do.
package struct ResolverRegistrationError: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// The program ended with this status, or by a signal (128 and its number), and wrote this last (printable, bounded).
        case refused(status: Int32, lastLine: String)
        case timedOut
        /// It could not be started or watched.
        case cannotRun(call: String, errno: Int32)
    }

    package let kind: Kind
    /// What was to be run, without its path.
    package let command: String
}

extension ResolverRegistrationError: CustomStringConvertible {
    package var description: String {
        switch kind {
        case .refused(let status, let lastLine):
            "systemd-resolved was not told of the mesh's names: `\(command)` failed (\(lastLine.isEmpty ? "status \(status)" : lastLine)); it needs systemd 246 or newer, and a node with the right to change resolvers: run that command by hand to see more"
        case .timedOut:
            "systemd-resolved was not told of the mesh's names: `\(command)` did not end in time; look at `systemctl status systemd-resolved`"
        case .cannotRun(let call, let error):
            "systemd-resolved was not told of the mesh's names: `\(command)` could not be run (\(call): \(String(cString: strerror(error))))"
        }
    }
}
