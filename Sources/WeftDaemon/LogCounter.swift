import Logging
import NodeMetrics

/// Counts what is logged at levels that a person should look at, beside a handler that writes it.
struct LogCounter: LogHandler {
    let metrics: NodeMetrics
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .warning

    init(_ metrics: NodeMetrics) {
        self.metrics = metrics
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        switch event.level {
        case .warning: metrics.count(.logMessage(.warning))
        case .error, .critical: metrics.count(.logMessage(.error))
        case .trace, .debug, .info, .notice: break
        }
    }
}
