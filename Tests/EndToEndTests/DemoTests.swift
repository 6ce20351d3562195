import Foundation
import Testing
import WeftLaboratory

extension EndToEnd {
    @Suite(.serialized) struct DemoTests {
        private static let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../scripts/demo").standardized
            .path

        /// What the README promises: three nodes, all pings, and nothing left of it.
        @Test func theDemoPingsEverybodyAndLeavesNothing() throws {
            let namespaces = try Tools.run(["ip", "netns", "list"])
            let program = try #require(WeftBinary.path)
            let output = try Tools.run(["env", "WEFT_DEMO_PROGRAM=\(program)", Self.script], atMost: .seconds(60))
            #expect(output.matches(of: /time=/).count == 6, "\(output)")
            let left = ProcessFacts.allCommandLines().values.filter { $0.contains("weft-demo.") }
            #expect(left.isEmpty, "still running: \(left.map { $0.replacing("\0", with: " ") })")
            #expect(try Tools.run(["ip", "netns", "list"]) == namespaces)
        }
    }
}
