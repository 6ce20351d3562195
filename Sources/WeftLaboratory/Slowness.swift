import Foundation

/// How much longer things may take than on an idle machine of today: `WEFT_SLOWNESS`, e.g. 10 under emulation.
package enum Slowness {
    package static let factor: Double = {
        guard let text = ProcessInfo.processInfo.environment["WEFT_SLOWNESS"], let factor = Double(text), factor >= 1 else { return 1 }
        return factor
    }()

    package static func allow(_ duration: Duration) -> Duration {
        duration * factor
    }
}

/// Asks `condition` until it gives a value, for at most `bound` (times `Slowness.factor`). There is no fixed pause that a
/// fast machine would have to sit through.
///
/// - Throws: `LaboratoryError` that names `what`, and what `details` tells then.
package func eventually<Value>(
    _ what: String, within bound: Duration, details: () -> String = { "" }, _ condition: () async throws -> Value?
) async throws -> Value {
    let deadline = ContinuousClock.now + Slowness.allow(bound)
    var pause = Duration.milliseconds(5)
    while true {
        if let value = try await condition() { return value }
        guard ContinuousClock.now < deadline else { break }
        try await Task.sleep(for: pause)
        pause = min(pause * 2, .milliseconds(100))
    }
    throw LaboratoryError("\(what): not within \(Slowness.allow(bound)). \(details())")
}

/// As above, for a condition that is true or false.
package func eventually(
    _ what: String, within bound: Duration, details: () -> String = { "" }, _ condition: () async throws -> Bool
) async throws {
    _ = try await eventually(what, within: bound, details: details) { try await condition() ? true : nil } as Bool
}
