import Glibc
import WeftDaemon

/// `--init` throws away what cannot be had again: whoever sits at a terminal is asked first. A script is not.
struct StartingOver {
    let settings: DaemonSettings
    /// `--yes`.
    let isConfirmed: Bool

    /// Throws unless the user wants it, or nothing would be lost.
    func confirm() throws {
        guard settings.startsOver, !isConfirmed, isatty(STDIN_FILENO) == 1, let stored = try stored() else { return }
        Failure.write(Self.question(stored, settings.stateDirectory))
        guard Self.isYes(readLine()) else { throw Failure("not started over; nothing was changed") }
    }

    private func stored() throws -> StoredNode? {
        do { return try StoredNode.find(in: settings.stateDirectory) } catch { throw Failure("\(error)") }
    }

    static func question(_ stored: StoredNode, _ directory: String) -> String {
        """
        \(directory) holds \(stored).
        Starting over forgets it for good: this machine becomes a new node, with another identity and another address, and the
        other members wait for the old one until its lease ends, or somebody tells them to forget it (`weft forget`).
        Start over? [y/N]\u{20}
        """
    }

    /// `nil` is the end of what is typed.
    static func isYes(_ answer: String?) -> Bool {
        let word = (answer ?? "").lowercased().filter { !$0.isWhitespace }
        return word == "y" || word == "yes"
    }
}
