import Glibc

/// Why the process cannot become what it should be.
package enum HostProcessError: Error, Hashable, Sendable {
    case noSuchUser(String)
    case rootRefused
    case cannotBecome(UInt32, errno: Int32)
    case cannotGiveUp(errno: Int32)
}

extension HostProcessError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noSuchUser(let name):
            "there is no user \(name): name an account of /etc/passwd, or a number, with --user"
        case .rootRefused:
            "weft does not run as root: name another user with --user, or leave it away"
        case .cannotBecome(let id, let code):
            "cannot become user \(id): \(String(cString: strerror(code))); a container needs the capabilities SETUID and SETGID for that, or to be started as that user"
        case .cannotGiveUp(let code):
            "cannot give up privileges: \(String(cString: strerror(code)))"
        }
    }
}
