import Glibc

/// The terminal that a process was started on, if any. When it goes away the kernel sends SIGHUP, as somebody does who wants settings to be
/// read again: this tells one from the other.
package struct ControllingTerminal: Sendable {
    private let wasThere: Bool

    package init() {
        wasThere = isatty(STDIN_FILENO) == 1
    }

    /// It was there and is no more: reading from it gives EIO.
    package var isGone: Bool { wasThere && isatty(STDIN_FILENO) == 0 }
}
