import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    /// What a node shows to Prometheus and to a browser.
    @Suite(.serialized) struct ObservationTests {
        private static func curl(_ host: LabHost, _ url: String, _ arguments: [String] = []) throws -> String {
            try host.run(["curl", "--silent", "--show-error", "--fail", "--max-time", "10"] + arguments + [url])
        }

        @Test func metricsAreServedAtAnOverlayAddressAndThePageOnLoopback() async throws {
            try await Laboratory.with { laboratory in
                var settings = Node.Settings()
                settings.arguments = ["--web-addr", "127.0.0.1:10088"]
                var mesh = try await TestMesh(in: laboratory, first: settings)
                let first = mesh.nodes[0]
                let second = try mesh.addNode()
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)

                // An address that is known only now.
                let address = try #require(second.status()?.node.addresses.first)
                #expect(second.process.terminate(waitingAtMost: .seconds(5)) == .exited(0))
                try second.startAgain { $0.arguments = ["--metrics-addr", "\(address):10090"] }
                try await first.waitUntil("node-2 is back", within: .seconds(20)) { $0.member("node-2")?.state == .connected }
                try await eventually("the first reads the second's metrics through the tunnel", within: .seconds(30)) {
                    let text = (try? Self.curl(first.host, "http://\(address):10090/metrics")) ?? ""
                    return text.contains("weft_members{state=\"connected\"} 1\n") && text.contains("weft_dials_total{result=\"connected\"}")
                }
                let text = try Self.curl(first.host, "http://\(address):10090/metrics")
                #expect(text.contains(#/weft_info\{.*name="node-2".*\} 1/#), "\(text)")
                #expect(text.contains(#/weft_member_reachable\{.*name="node-1".*\} 1/#), "\(text)")
                #expect(text.contains("process_resident_memory_bytes "), "\(text)")
                #expect(throws: LaboratoryError.self, "a page of somebody else's") {
                    try Self.curl(first.host, "http://\(address):10090/metrics", ["--header", "Host: evil.example"])
                }
                #expect(throws: LaboratoryError.self, "no page there") { try Self.curl(first.host, "http://\(address):10090/") }

                let report = try Self.curl(first.host, "http://127.0.0.1:10088/status.json")
                #expect(report.contains("\"node-2\""), "\(report)")
                #expect(try Self.curl(first.host, "http://127.0.0.1:10088/").contains("<title>Weft</title>"))
                #expect(throws: LaboratoryError.self, "no metrics there") { try Self.curl(first.host, "http://127.0.0.1:10088/metrics") }
                #expect(throws: LaboratoryError.self, "for that machine alone") {
                    try Self.curl(second.host, "http://\(first.host.ipv4):10088/")
                }
            }
        }

        @Test(.enabled(if: Tools.find("chromium") != nil, "needs chromium: run scripts/setup test"))
        func aBrowserShowsTheMesh() async throws {
            try await Laboratory.with { laboratory in
                var settings = Node.Settings()
                settings.arguments = ["--web-addr", "127.0.0.1:10088"]
                var mesh = try await TestMesh(in: laboratory, first: settings)
                for _ in 0..<2 { try mesh.addNode() }
                try await mesh.waitForFullMesh(within: EndToEnd.convergence)
                let first = mesh.nodes[0]
                let page = try Self.browse(laboratory, first.host, "http://127.0.0.1:10088/")
                for node in mesh.nodes { #expect(page.contains(node.name), "\(page)") }
                #expect(page.contains(#/<b>3</b> in the mesh/#), "\(page)")
                #expect(page.contains(#/<b>2</b> connected/#), "\(page)")
                #expect(page.contains("no problems"), "\(page)")

                mesh.nodes[2].process.signal(SIGKILL)
                try await first.waitUntil("sees that node-3 is gone", within: .seconds(20)) { $0.member("node-3")?.state == .unreachable }
                // What the page is told may be `RecentReport.freshness` old.
                try await eventually("the page shows that node-3 is gone", within: .seconds(20)) {
                    let page = (try? Self.browse(laboratory, first.host, "http://127.0.0.1:10088/")) ?? ""
                    return page.contains(#/<b>1</b> unreachable/#)
                }
            }
        }

        /// The document after its scripts have run. Without a budget of virtual time it would be the one from before the first report.
        private static func browse(_ laboratory: Laboratory, _ host: LabHost, _ url: String) throws -> String {
            let home = "\(laboratory.directory)/browser"
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            // Nothing of the user's: no session bus, no display, no home. Root may not use the browser's sandbox; the page is our own.
            return try host.run(
                [
                    "env", "-i", "PATH=/usr/bin:/bin", "HOME=\(home)", "TMPDIR=\(home)", "chromium", "--headless=new", "--no-sandbox",
                    "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
                    "--user-data-dir=\(home)", "--virtual-time-budget=3000", "--dump-dom", url,
                ], atMost: .seconds(60))
        }
    }
}
