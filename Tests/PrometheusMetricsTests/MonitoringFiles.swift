import Foundation

/// The files for Prometheus and Grafana, as they lie in the project that this file is in.
enum MonitoringFiles {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let rules = "packaging/prometheus/weft-alerts.yaml"
    static let ruleTests = "packaging/prometheus/weft-alerts.test.yaml"
    static let configuration = "packaging/prometheus/prometheus.example.yaml"
    static let dashboard = "packaging/grafana/weft.json"
    static let dictionary = "docs/METRICS.md"

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// Names of metrics of ours in a text.
    static func metrics(in text: String) -> Set<String> {
        Set(text.matches(of: #/\b(?:weft|process|metrics)_[a-z_]+\b/#).map { String($0.0) })
    }
}

/// A row of the dictionary.
struct DictionaryRow {
    let name: String
    let type: String
    /// The rest of the row.
    let text: String

    static func all() throws -> [DictionaryRow] {
        let pattern = #/(?m)^\| `((?:weft|process|metrics)_[a-z_]+)` \| (\w+) \|(.*)$/#
        return try MonitoringFiles.text(MonitoringFiles.dictionary).matches(of: pattern).map {
            DictionaryRow(name: String($0.1), type: String($0.2), text: String($0.3))
        }
    }
}

/// Prometheus's own judge, from Debian's package `prometheus`.
enum Promtool {
    static let path = "/usr/bin/promtool"
    static let isThere = FileManager.default.isExecutableFile(atPath: path)

    /// What it said, if it found a fault; `nil` if it found none.
    static func complaint(_ arguments: String..., input: String = "") throws -> String? {
        let (process, given, said) = (Process(), Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardInput = given
        process.standardOutput = said
        process.standardError = said
        try process.run()
        // Less than what a pipe holds: it can be written before anybody reads.
        try given.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try given.fileHandleForWriting.close()
        let text = String(decoding: said.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return process.terminationStatus == 0 ? nil : text
    }
}
