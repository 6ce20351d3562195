/// Why a command and the node did not talk.
package enum LocalAPIError: Error, Hashable, Sendable {
    case notRunning(path: String)
    case permissionDenied(path: String)
    case alreadyRunning(path: String)
    case cannotListen(path: String, reason: String)
    case noAnswer(path: String)
    case pathTooLong(String)
}

extension LocalAPIError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notRunning(let path):
            "no weft node answers at \(path): start one with `weft`, or name its socket with --socket"
        case .permissionDenied(let path):
            "no permission to open \(path): run the command as the user that runs the node, or with sudo"
        case .alreadyRunning(let path):
            "another weft node answers at \(path) already: stop it, or give this one another --interface (or --socket)"
        case .cannotListen(let path, let reason):
            "cannot listen at \(path): \(reason); name another place with --socket"
        case .noAnswer(let path):
            "the node at \(path) gave no proper answer in time; its log may say why"
        case .pathTooLong(let path):
            "the socket path \(path) is too long for a Unix socket (107 bytes); name a shorter one with --socket"
        }
    }
}
