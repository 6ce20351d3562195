import Foundation
import Testing

@testable import HostProcess

@Suite struct ProcessUsageTests {
    @Test func aProcessKnowsWhatItTakes() throws {
        let before = try #require(ProcessUsage.read())
        // A megabyte that is written to, a file that is open, and work.
        let memory = [UInt8](repeating: 1, count: 64 << 20)
        let files = try (0..<50).map { _ in try #require(fopen("/dev/null", "r")) }
        defer { for file in files { fclose(file) } }
        #expect(memory.reduce(0) { $0 &+ Int($1) } == 64 << 20)
        let after = try #require(ProcessUsage.read())
        #expect(before.residentBytes > 1 << 20 && after.residentBytes >= 64 << 20)
        #expect(after.openDescriptors >= 50)
        #expect(after.processorSeconds > before.processorSeconds)
        #expect(after.startSeconds == before.startSeconds)
        #expect(abs(Date().timeIntervalSince1970 - after.startSeconds) < 86_400)
    }

    @Test func theTextsOfProcAreUnderstood() {
        #expect(ProcessUsage.residentPages("1234 567 89 1 0 2 0\n") == 567)
        #expect(ProcessUsage.startTicks("7 (a b) c) S " + (4...24).map { "\($0)" }.joined(separator: " ")) == 22)
    }

    @Test(arguments: ["", " ", "1", "x y", "1 (", "1 (a) S 1 2", "-1 -1"])
    func otherTextsAreNot(text: String) {
        #expect(ProcessUsage.residentPages(text) == nil)
        #expect(ProcessUsage.startTicks(text) == nil)
    }
}
