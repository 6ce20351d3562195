import Logging
import Synchronization

/// How much is logged by all loggers that share it; it can be changed while the node runs.
package final class LogLevelSwitch: Sendable {
    private let rank: Atomic<Int>

    package init(_ level: Logger.Level) {
        rank = Atomic(Self.rank(level))
    }

    package var level: Logger.Level {
        get { Logger.Level.allCases[rank.load(ordering: .relaxed)] }
        set { rank.store(Self.rank(newValue), ordering: .relaxed) }
    }

    /// All levels are among all of them.
    private static func rank(_ level: Logger.Level) -> Int { Logger.Level.allCases.firstIndex(of: level) ?? 0 }
}
