import ArgumentParser
import Foundation
import Testing

@testable import weft

/// What the documentation tells people to type is understood.
@Suite struct DocumentationTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Commands of the program in all pages: in blocks, and between backquotes.
    private static let commands: [String] = {
        let pages = ["README.md"] + ((try? FileManager.default.contentsOfDirectory(atPath: "\(root.path)/docs")) ?? []).map { "docs/\($0)" }
        return pages.filter { $0.hasSuffix(".md") }.flatMap { page in
            commands(in: (try? String(contentsOf: root.appending(path: page), encoding: .utf8)) ?? "")
        }
    }()

    private static func commands(in page: String) -> [String] {
        let lines = page.split(separator: "\n").map(String.init)
        let typed = lines.compactMap { line in
            line.firstMatch(of: #/^(?:\S+\$ )?(?:sudo )?(weft(?: [^|#>&]*)?)(?:[|#>&].*)?$/#).map { String($0.1) }
        }
        let quoted = page.matches(of: #/`(?:sudo )?(weft(?: [^`\n]*)?)`/#).map { String($0.1) }
        // A drawing of the house has a room of that name.
        return (typed + quoted).map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.contains("  ") }
    }

    @Test func thereAreSome() {
        #expect(Self.commands.count > 40, "\(Self.commands)")
        #expect(Self.commands.contains { $0.hasPrefix("weft import --variables") })
    }

    @Test(arguments: Self.commands) func itIsUnderstood(command: String) throws {
        let words = command.split(separator: " ").dropFirst().map { word in
            // What a reader puts in, and placeholders of help texts.
            word == "NAME" ? "host-b" : word == "FILE" ? "/f" : word == "LEVEL" ? "debug" : word == "…" ? "host-b" : String(word)
        }
        // A command or a flag that is only spoken of.
        if words.count == 1 {
            let names = WeftCommand.configuration.subcommands.map { $0.configuration.commandName ?? "" }
            let isFlag = RunCommand.helpMessage().contains(words[0])
            #expect(names.contains(words[0]) || isFlag)
            return
        }
        do {
            _ = try WeftCommand.parseAsRoot(words)
        } catch {
            let code = WeftCommand.exitCode(for: error)
            #expect(code == .success, "\(command): \(WeftCommand.message(for: error))")
        }
    }
}
