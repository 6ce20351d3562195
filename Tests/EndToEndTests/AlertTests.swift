import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    /// A real Prometheus scrapes real nodes, and raises each alert when its cause is made.
    @Suite(.serialized, .enabled(if: Tools.find("prometheus") != nil, "needs prometheus: run scripts/setup test"))
    struct AlertTests {
        private static let port = 10090

        @Test func eachAlertIsRaisedByItsCause() async throws {
            try await Laboratory.with { laboratory in
                var settings = Node.Settings()
                settings.arguments = Self.metrics
                var mesh = try await TestMesh(in: laboratory, first: settings)
                for _ in 0..<2 { try mesh.addNode { $0.arguments = Self.metrics } }
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                let first = mesh.nodes[0]
                let prometheus = try Prometheus(in: laboratory, on: first.host, scraping: mesh.nodes.map { "\($0.host.ipv4):\(Self.port)" })
                try await prometheus.waitUntil("all three are scraped") { $0.scraped == 3 }
                #expect(try prometheus.look().alerts == [], "all is well")

                // A name that another node has. It joins late enough to be the one that has to give way.
                let namesake = try mesh.addNode { $0.arguments = ["--name", "node-1"] + Self.metrics }
                try prometheus.scrape(mesh.nodes.map { "\($0.host.ipv4):\(Self.port)" })
                try await prometheus.waitUntil("a clash is told") { $0.alerts.contains("WeftClash") }
                #expect(namesake.process.terminate(waitingAtMost: .seconds(10)) == .exited(0))

                // Settings that cannot be read, and settings that need a restart.
                let file = "\(laboratory.directory)/settings.yaml"
                try "wireguard-port: 10042\n".write(toFile: file, atomically: true, encoding: .utf8)
                let second = mesh.nodes[1]
                for _ in 0..<3 {
                    #expect(second.process.terminate(waitingAtMost: .seconds(10)) == .exited(0))
                    let starts = try prometheus.look().starts
                    try second.startAgain { $0.arguments = ["--config", file] + Self.metrics }
                    try await second.waitUntilUp()
                    try await prometheus.waitUntil("the restart is seen") { $0.starts > starts }
                }
                try await prometheus.waitUntil("restarts are told") { $0.alerts.contains("WeftNodeRestarts") }
                try "nonsense: 1\n".write(toFile: file, atomically: true, encoding: .utf8)
                second.process.signal(SIGHUP)
                try await prometheus.waitUntil("an error is told") { $0.alerts.contains("WeftErrors") }
                try "wireguard-port: 10043\n".write(toFile: file, atomically: true, encoding: .utf8)
                for number in 1...11 {
                    second.process.signal(SIGHUP)
                    try await eventually("it has read its settings", within: .seconds(10)) {
                        second.log.components(separatedBy: "setting changed, restart").count > number
                    }
                }
                try await prometheus.waitUntil("many warnings are told") { $0.alerts.contains("WeftManyWarnings") }

                mesh.nodes[2].process.signal(SIGKILL)
                try await prometheus.waitUntil("a dead node is told") {
                    $0.alerts.isSuperset(of: ["WeftNodeDown", "WeftMemberUnreachable"])
                }

                // Nobody is left; then there is nobody to begin with.
                second.process.signal(SIGKILL)
                try await prometheus.waitUntil("a lone node is told") { $0.alerts.contains("WeftNodeAlone") }
                #expect(first.process.terminate(waitingAtMost: .seconds(10)) == .exited(0))
                try first.startAgain {
                    $0.arguments = ["--init", "--yes", "--join", "192.0.2.99", "--cluster-key", Self.key] + Self.metrics
                }
                try await prometheus.waitUntil("problems are told") { $0.alerts.contains("WeftNodeHasProblems") }
            }
        }

        private static let key = Data((0..<32).map { UInt8($0) }).base64EncodedString()

        private static let metrics = ["--metrics-addr", "0.0.0.0:\(port)"]
    }
}

/// Prometheus on a host of the laboratory, with the project's rules, made impatient: it asks each second, and waits two.
private struct Prometheus {
    struct Look: Equatable {
        /// Names of the alerts that are raised.
        var alerts: Set<String>
        /// Nodes that answer.
        var scraped: Int
        /// Starts of all nodes that were seen so far.
        var starts: Int
    }

    private let laboratory: Laboratory
    private let host: LabHost
    private let folder: String
    private let process: LabProcess

    init(in laboratory: Laboratory, on host: LabHost, scraping targets: [String]) throws {
        self.laboratory = laboratory
        self.host = host
        folder = "\(laboratory.directory)/prometheus"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..").path
        let rules = try String(contentsOfFile: "\(project)/packaging/prometheus/weft-alerts.yaml", encoding: .utf8)
        try rules.replacing(#/for: \d+m/#, with: "for: 2s").write(toFile: "\(folder)/rules.yaml", atomically: true, encoding: .utf8)
        try """
        global: {scrape_interval: 1s, evaluation_interval: 1s}
        rule_files: [rules.yaml]
        scrape_configs:
          - job_name: weft
            file_sd_configs: [{files: [targets.json], refresh_interval: 1s}]
        """.write(toFile: "\(folder)/prometheus.yml", atomically: true, encoding: .utf8)
        try Self.write(targets, folder)
        process = try laboratory.start(
            [
                "prometheus", "--config.file=\(folder)/prometheus.yml", "--storage.tsdb.path=\(folder)/data",
                "--web.listen-address=127.0.0.1:9090", "--log.level=warn",
            ], on: host, log: "prometheus")
    }

    func scrape(_ targets: [String]) throws { try Self.write(targets, folder) }

    private static func write(_ targets: [String], _ folder: String) throws {
        let list = try JSONEncoder().encode([["targets": targets]])
        try list.write(to: URL(fileURLWithPath: "\(folder)/targets.json"), options: .atomic)
    }

    func look() throws -> Look {
        let alerts = try query("ALERTS{alertstate=\"firing\"}")
        return Look(
            alerts: Set(alerts.compactMap { $0.metric["alertname"] }), scraped: try query("up == 1").count,
            starts: try query("changes(process_start_time_seconds[1h])").reduce(0) { $0 + (Int($1.value) ?? 0) })
    }

    func waitUntil(_ what: String, _ condition: (Look) -> Bool) async throws {
        try await eventually(what, within: .seconds(60)) {
            guard process.poll() == nil else { throw LaboratoryError("prometheus has ended: \(process.tail)") }
            return (try? look()).map(condition) ?? false
        }
    }

    private struct Answer: Decodable {
        struct Result: Decodable {
            struct Sample: Decodable {
                let text: String

                /// A time and a value as text.
                init(from decoder: any Decoder) throws {
                    var both = try decoder.unkeyedContainer()
                    _ = try both.decode(Double.self)
                    text = try both.decode(String.self)
                }
            }

            let metric: [String: String]
            private let sample: Sample
            var value: String { sample.text }

            enum CodingKeys: String, CodingKey {
                case metric
                case sample = "value"
            }
        }

        struct Content: Decodable { let result: [Result] }
        let data: Content
    }

    private func query(_ expression: String) throws -> [Answer.Result] {
        let text = try host.run([
            "curl", "--silent", "--fail", "--get", "--data-urlencode", "query=\(expression)", "http://127.0.0.1:9090/api/v1/query",
        ])
        return try JSONDecoder().decode(Answer.self, from: Data(text.utf8)).data.result
    }
}
