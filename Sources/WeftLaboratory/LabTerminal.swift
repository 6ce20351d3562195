import CLinux
import Foundation

/// A terminal (pty(7)) for a process to read from.
package final class LabTerminal: Sendable {
    /// The end that the process gets.
    package let input: Int32
    private let keyboard: Int32

    package init() throws {
        var terminal: Int32 = -1
        keyboard = weft_open_terminal(&terminal)
        input = terminal
        guard keyboard >= 0 else { throw LaboratoryError("no terminal: \(String(cString: strerror(errno)))") }
    }

    deinit {
        close(input)
        close(keyboard)
    }

    package func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(keyboard, bytes, bytes.count)
    }
}
