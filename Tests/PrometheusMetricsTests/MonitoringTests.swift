import CoreMetrics
import Foundation
import HostProcess
import NodeMetrics
import PrometheusMetrics
import Testing

/// Rules, dashboard and dictionary speak of the same metrics, and Prometheus takes them.
@Suite struct MonitoringTests {
    /// A node that has all there is to show.
    private func everything() -> String {
        let registry = PrometheusRegistry(help: NodeMetrics.help)
        let metrics = NodeMetrics(factory: registry)
        let member = NodeReading.Member(
            peerID: "12D3KooW", name: "host-b", state: .connected, lastHandshakeSecondsAgo: 5, receivedBytes: 1, sentBytes: 2,
            roundTripSeconds: 0.001)
        metrics.show(
            NodeReading(
                version: "1", name: "host-a", interface: "weft0", wireguard: "kernel", mesh: "abc", uptimeSeconds: 1, problemCount: 0,
                members: [member]))
        metrics.show(ProcessUsage(residentBytes: 1, processorSeconds: 1, openDescriptors: 1, startSeconds: 1))
        return registry.render()
    }

    // MARK: The dictionary

    @Test func theDictionaryIsWhatANodeShows() throws {
        let shown = try Exposition(everything())
        let rows = try DictionaryRow.all()
        #expect(rows.count == Set(rows.map(\.name)).count)
        #expect(Dictionary(rows.map { ($0.name, $0.type) }) { first, _ in first } == shown.types)
        for sample in shown.samples {
            let text = try #require(rows.first { $0.name == sample.name }).text
            // What all members have stands above their table.
            for (label, value) in sample.labels where !sample.name.hasPrefix("weft_member_") {
                #expect(text.contains("`\(label)`"), "\(sample.name) has a label \(label)")
                if sample.name != "weft_info" { #expect(text.contains("`\(value)`"), "\(sample.name) has \(label)=\(value)") }
            }
        }
    }

    @Test func theDictionaryTellsTheUnitOfTheName() throws {
        for row in try DictionaryRow.all() {
            if row.name.contains("_seconds") { #expect(row.text.contains("seconds"), "\(row.name)") }
            if row.name.contains("_bytes") { #expect(row.text.contains("bytes"), "\(row.name)") }
            #expect(row.name.hasSuffix("_total") == (row.type == "counter"), "\(row.name)")
        }
    }

    @Test func helpIsASentenceForEachMetric() throws {
        #expect(Set(NodeMetrics.help.keys) == Set(try DictionaryRow.all().map(\.name)))
        #expect(NodeMetrics.help.values.allSatisfy { $0.hasSuffix(".") })
    }

    @Test(arguments: [MonitoringFiles.rules, MonitoringFiles.ruleTests, MonitoringFiles.dashboard, MonitoringFiles.configuration])
    func everyMetricThatIsNamedIsInTheDictionary(path: String) throws {
        let known = Set(try DictionaryRow.all().map(\.name))
        #expect(MonitoringFiles.metrics(in: try MonitoringFiles.text(path)).subtracting(known).sorted() == [])
    }

    // MARK: The alerts

    @Test func everyAlertIsExplainedAndTested() throws {
        let rules = try MonitoringFiles.text(MonitoringFiles.rules)
        let alerts = rules.matches(of: #/- alert: (\w+)[\s\S]*?severity: (\w+)/#).map { (String($0.1), String($0.2)) }
        let explained = try MonitoringFiles.text(MonitoringFiles.dictionary).matches(of: #/(?m)^\| `(Weft\w+)` \| (\w+) \|/#)
        #expect(alerts.map(\.0) == explained.map { String($0.1) } && alerts.map(\.1) == explained.map { String($0.2) })
        #expect(alerts.count >= 8)
        let tests = try MonitoringFiles.text(MonitoringFiles.ruleTests)
        for (alert, _) in alerts {
            #expect(tests.contains("alertname: \(alert) }"), "\(alert) is never expected not to be raised")
            #expect(tests.contains("alertname: \(alert)\n        exp_alerts:"), "\(alert) is never expected to be raised")
        }
    }

    // MARK: The dashboard

    private func dashboard() throws -> [String: Any] {
        let json = try JSONSerialization.jsonObject(with: Data(MonitoringFiles.text(MonitoringFiles.dashboard).utf8))
        return try #require(json as? [String: Any])
    }

    private func panels() throws -> [[String: Any]] { try #require(try dashboard()["panels"] as? [[String: Any]]) }

    /// All that is asked of Prometheus.
    private func queries() throws -> [String] {
        try panels().flatMap { ($0["targets"] as? [[String: Any]] ?? []).compactMap { $0["expr"] as? String } }
    }

    @Test func theDashboardShowsEveryMetric() throws {
        let queries = try queries()
        let named = MonitoringFiles.metrics(in: queries.joined(separator: " "))
        #expect(named == Set(try DictionaryRow.all().map(\.name)))
        for query in queries where !MonitoringFiles.metrics(in: query).isEmpty {
            #expect(query.contains(#"{job="$job", instance=~"$instance""#), "\(query) is not for the nodes that were chosen")
        }
    }

    @Test func theDashboardCanBeImportedAnywhere() throws {
        let dashboard = try dashboard()
        // A number would be that of a dashboard that is there.
        #expect(dashboard["id"] is NSNull && dashboard["uid"] as? String == "weft")
        let templating = try #require(dashboard["templating"] as? [String: Any])
        let variables = try #require(templating["list"] as? [[String: Any]])
        #expect(variables.compactMap { $0["name"] as? String } == ["datasource", "job", "instance"])
        #expect(variables[0]["type"] as? String == "datasource" && variables[0]["query"] as? String == "prometheus")
        for panel in try panels() where panel["type"] as? String != "row" {
            let all = [panel] + (panel["targets"] as? [[String: Any]] ?? [])
            #expect(all.count > 1)
            for part in all { #expect((part["datasource"] as? [String: String])?["uid"] == "${datasource}") }
        }
    }

    @Test func panelsStandBesideEachOther() throws {
        let panels = try panels()
        #expect(Set(panels.compactMap { $0["id"] as? Int }).count == panels.count)
        #expect(panels.allSatisfy { ($0["title"] as? String)?.isEmpty == false })
        var taken: Set<[Int]> = []
        for panel in panels {
            let place = try #require(panel["gridPos"] as? [String: Int])
            let (x, y, width, height) = (place["x"] ?? -1, place["y"] ?? -1, place["w"] ?? 0, place["h"] ?? 0)
            #expect(x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= 24)
            for column in x..<x + width {
                for row in y..<y + height { #expect(taken.insert([column, row]).inserted, "\(panel["title"] ?? "") covers another panel") }
            }
        }
    }

    // MARK: What Prometheus says

    @Test(.enabled(if: Promtool.isThere, "needs promtool: run scripts/setup test"))
    func prometheusTakesTheConfigurationAndTheRules() throws {
        let path = { (file: String) in MonitoringFiles.root.appending(path: file).path }
        #expect(try Promtool.complaint("check", "config", path(MonitoringFiles.configuration)) == nil)
        #expect(try Promtool.complaint("check", "rules", path(MonitoringFiles.rules)) == nil)
        #expect(try Promtool.complaint("test", "rules", path(MonitoringFiles.ruleTests)) == nil)
    }

    /// Its own rules for names, types and help among them.
    @Test(.enabled(if: Promtool.isThere, "needs promtool: run scripts/setup test"))
    func prometheusTakesWhatANodeShows() throws {
        #expect(try Promtool.complaint("check", "metrics", input: everything()) == nil)
    }

    @Test(.enabled(if: Promtool.isThere, "needs promtool: run scripts/setup test"))
    func prometheusTakesHostileLabels() throws {
        let hostile = "\"} 1\nfake 7\n#\\\0\u{1}\u{85}\u{2028}é🕸️{,="
        let registry = PrometheusRegistry(help: ["g": hostile, PrometheusRegistry.droppedSeriesName: "Dropped."])
        Gauge(label: "g", dimensions: [("l", hostile), ("0\"", "x")], factory: registry).record(Double.nan)
        Gauge(label: "g", dimensions: [("l", hostile + hostile)], factory: registry).record(-Double.infinity)
        #expect(try Promtool.complaint("check", "metrics", input: registry.render()) == nil)
    }

    /// As the expressions of rules, with what Grafana puts in for its variables.
    @Test(.enabled(if: Promtool.isThere, "needs promtool: run scripts/setup test"))
    func prometheusUnderstandsTheDashboard() throws {
        let rules = try queries().enumerated().map { number, query in
            let asked = query.replacing("$job", with: "weft").replacing("$instance", with: "a|b").replacing(#/\$__\w+/#, with: "5m")
            return "  - record: query:\(number)\n    expr: '\(asked)'\n"
        }
        #expect(rules.count > 20 && !rules.contains { $0.contains("$") })
        let file = FileManager.default.temporaryDirectory.appending(path: "weft-dashboard-\(UInt64.random(in: .min ... .max)).yaml")
        try Data(("groups:\n- name: dashboard\n  rules:\n" + rules.joined()).utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(try Promtool.complaint("check", "rules", file.path) == nil)
    }
}
