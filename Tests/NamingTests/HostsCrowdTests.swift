import CLinux
import DNSCodec
import Foundation
import Testing

@testable import Naming

/// Others change the file all the time.
@Suite struct HostsCrowdTests {
    private static let edits = 200
    private let original = "127.0.0.1 localhost\n::1 box\n"
    private let sets = [twoHosts, [twoHosts[0]], []]

    /// Lets `write` make its edits on a thread of its own, updates the block meanwhile, settles, and gives back the file's lines.
    private func crowd(
        _ path: String, _ file: HostsFile, edits: Int = edits, _ write: @escaping @Sendable (_ edit: Int) -> Void
    ) async throws -> [String] {
        let (turns, isDone) = (Shared(0), Shared(false))
        Thread {
            for edit in 0..<edits {
                write(edit)
                // Neither shall be done before the other has begun.
                while edit % 10 == 0, turns.withValue({ $0 }) < edit / 10 { usleep(100) }
            }
            isDone.withValue { $0 = true }
        }.start()
        let sets = self.sets
        return try await onThread {
            while !isDone.withValue({ $0 }) {
                _ = try file.update(sets[turns.withValue { $0 } % sets.count])
                turns.withValue { $0 += 1 }
            }
            _ = try file.update(twoHosts)
            while try !file.settle() { usleep(1_000) }
            return lines(path)
        }
    }

    private func expectAll(_ lines: [String], edits: Int = edits) {
        for number in 0..<edits { #expect(lines.contains("10.9.0.1 other-\(number)"), "edit \(number) is lost") }
        #expect(lines.starts(with: ["127.0.0.1 localhost", "::1 box"]))
    }

    @Test(arguments: [true, false]) func whoReplacesTheFileLosesNothing(mayHold: Bool) async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        let file = HostsFile(path: path, block: try block(), mayHold: mayHold) { _ in }
        let found = try await crowd(path, file) { number in
            replace(path) { $0.dropLast() + ["10.9.0.1 other-\(number)", ""] }
        }
        expectAll(found)
        #expect(content(path).contains(twoHostsBlock) && folder.names == ["hosts"])
    }

    @Test(arguments: [true, false]) func whoAppendsToTheFileLosesNothing(mayHold: Bool) async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        let file = HostsFile(path: path, block: try block(), mayHold: mayHold) { _ in }
        let found = try await crowd(path, file) { append("10.9.0.1 other-\($0)\n", to: path) }
        expectAll(found)
        #expect(content(path).contains(twoHostsBlock) && folder.names == ["hosts"])
    }

    @Test func sedLosesNothing() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        let found = try await crowd(path, HostsFile(path: path, block: try block())) { number in
            let arguments = ["-i", "$ a 10.9.0.1 other-\(number)", path]
            _ = try? Process.run(URL(fileURLWithPath: "/bin/sed"), arguments: arguments).waitUntilExit()
        }
        expectAll(found)
    }

    @Test func nodesDoNotLoseEachOthersLines() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        let others = try (1...2).map { HostsFile(path: path, block: try block("weft\($0)")) }
        let found = try await crowd(path, HostsFile(path: path, block: try block()), edits: 50) { number in
            for file in others { #expect(throws: Never.self) { try file.update([twoHosts[number % 2]]) } }
            append("10.9.0.1 other-\(number)\n", to: path)
        }
        expectAll(found, edits: 50)
        for other in others { #expect(try other.update([twoHosts[1]]) == .unchanged) }
        #expect(content(path).contains(twoHostsBlock))
    }

    /// Whoever reads the file gets a whole one.
    @Test func aReaderSeesAWholeFile() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        let whole: Set = [original, original + twoHostsBlock, original + twoHostsBlock.replacing(/(?m)^.*host-a.weft.*\n/, with: "")]
        _ = try await crowd(path, HostsFile(path: path, block: try block())) { _ in
            for _ in 0..<10 {
                let seen = content(path)
                if !whole.contains(seen) { Issue.record("\(seen)") }
            }
        }
    }

    /// In place as well, as long as nobody has it open already.
    @Test(.enabled(if: Machine.canMount)) func whoAppendsToAMountedFileLosesNothing() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(original)
        link(path, "\(folder.path)/other")  // written in place for that, without a mount that other threads would not see
        let found = try await crowd(path, HostsFile(path: path, block: try block())) { append("10.9.0.1 other-\($0)\n", to: path) }
        expectAll(found)
        #expect(content("\(folder.path)/other").contains(twoHostsBlock))
    }
}
