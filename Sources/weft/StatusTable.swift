import LocalAPI
import WeftDaemon

/// The status as text for a person: one line on the node, then a row a member.
struct StatusTable {
    private static let columns = ["NAME", "ADDRESS", "STATE", "ENDPOINT", "HANDSHAKE", "RECEIVED", "SENT", "PEERING RTT"]

    private let report: StatusReport

    init(_ report: StatusReport) {
        self.report = report
    }

    var text: String {
        let node = report.node
        var lines = [
            "\(node.name) on \(node.interface)  mesh \(node.mesh)  WireGuard: \(node.wireguard)  up \(Self.duration(node.uptimeSeconds))",
            "",
        ]
        lines += Self.aligned([Self.columns] + report.members.flatMap(rows))
        if !node.problems.isEmpty { lines += [""] + node.problems.map { "! \(LineLogHandler.escaped($0))" } }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A member's first address stands with its figures, any further one on a line below.
    private func rows(_ member: StatusReport.Member) -> [[String]] {
        let first = [
            member.name, member.addresses.first ?? "-", member.state.rawValue, member.endpoint ?? "-",
            member.lastHandshakeSecondsAgo.map { "\(Self.duration($0)) ago" } ?? "-", Self.bytes(member.receivedBytes),
            Self.bytes(member.sentBytes), member.roundTripMillis.map(Self.millis) ?? "-",
        ]
        return [first.map(LineLogHandler.escaped)] + member.addresses.dropFirst().map { ["", LineLogHandler.escaped($0)] }
    }

    static func aligned(_ rows: [[String]]) -> [String] {
        let widths = (0..<(rows.map(\.count).max() ?? 0)).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { text, width in padded(text, to: width) }
            return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }
    }

    static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    static func duration(_ seconds: Int) -> String {
        switch seconds {
        case ..<60: "\(seconds)s"
        case ..<3600: "\(seconds / 60)m\(seconds % 60)s"
        case ..<86_400: "\(seconds / 3600)h\(seconds % 3600 / 60)m"
        default: "\(seconds / 86_400)d\(seconds % 86_400 / 3600)h"
        }
    }

    static func bytes(_ count: UInt64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var (value, unit) = (Double(count), 0)
        while value >= 1024, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
        return unit == 0 ? "\(count) B" : "\(tenths(value)) \(units[unit])"
    }

    static func millis(_ millis: Double) -> String { "\(tenths(millis)) ms" }

    private static func tenths(_ value: Double) -> String {
        let rounded = Int(max(0, min(value, 1e15)) * 10 + 0.5)
        return "\(rounded / 10).\(rounded % 10)"
    }
}
