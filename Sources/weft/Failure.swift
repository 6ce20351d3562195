import Glibc

/// What went wrong, in words for the user; printed by ArgumentParser behind `Error: `.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// For where nobody can throw any more.
    static func tell(_ text: String) {
        write("Error: \(text)\n")
    }

    /// To standard error, as it is.
    static func write(_ text: String) {
        text.withCString { _ = Glibc.write(STDERR_FILENO, $0, strlen($0)) }
    }
}
