/// Why there is no result.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Somebody has pressed Ctrl-C, or asked otherwise for an end.
struct Interrupted: Error, CustomStringConvertible {
    let description = "interrupted; nodes and namespaces are removed"
}
