import Glibc
import Mesh

/// What the first node tells the person in front of it.
enum Announcement {
    /// A token is printed on a terminal only: standard output of a service is a log, and a log must not hold a secret.
    static func print(_ token: JoinToken?, socket: String) {
        guard let token else { return }
        if isatty(STDOUT_FILENO) == 1 {
            Swift.print("A new mesh. Any further machine joins it with:\n\n    sudo weft --join \(token.text)\n")
        } else {
            Swift.print("A new mesh. `weft token --socket \(socket)` prints the token that further machines join with.")
        }
    }
}
