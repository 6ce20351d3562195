import ArgumentParser
import Settings
import Testing
import WeftTestKit

@testable import weft

/// What is read without ArgumentParser means what ArgumentParser makes of it.
@Suite struct NodeRunTests {
    @Test(arguments: Setting.all)
    func eachSettingInItsFullFormNeedsNoParser(setting: Setting) throws {
        let sample = try #require(EverySettingTests.samples[setting]?.right)
        let plain = try #require(NodeRun(plain: arguments(setting, sample)))
        #expect(plain.texts == [setting: [sample]])
        #expect(try isAgreed(plain, arguments(setting, sample)))
    }

    @Test func nothingSaidNeedsNone() throws {
        #expect(try isAgreed(#require(NodeRun(plain: [])), []))
    }

    @Test(arguments: [
        ["status"], ["run"], ["--help"], ["--version"], ["--name=a"], ["--name"], ["--name", "-a"], ["--name", ""], ["--name", "--dns"],
        ["--name", "a", "--name", "b"], ["--ephemeral", "true"], ["--ephemeral", "--ephemeral"], ["--no-ephemeral"], ["--config", "/f"],
        ["--init", "--yes"],
        ["--clusterkey", "k"], ["--nam", "a"], ["-h"], ["--", "--name", "a"], ["--join", "a", "b"], [""],
    ])
    func theRestIsTheParsers(arguments: [String]) {
        #expect(NodeRun(plain: arguments) == nil)
    }

    @Test func anyArgumentsAreReadAlike() throws {
        let seed = testSeed("anyArgumentsAreReadAlike")
        var generator = SeededGenerator(seed: seed)
        let words = Setting.all.map(\.flag) + ["a", "b c", "7", "-", "=", "--", "run", "--yes", "--no-dns"]
        var plainly = 0
        for _ in 0..<2000 {
            let arguments = (0..<Int.random(in: 0...6, using: &generator)).compactMap { _ in words.randomElement(using: &generator) }
            guard let plain = NodeRun(plain: arguments) else { continue }
            plainly += 1
            #expect(try isAgreed(plain, arguments), "seed \(seed): \(arguments)")
        }
        #expect(plainly > 100)
    }

    private func isAgreed(_ plain: NodeRun, _ arguments: [String]) throws -> Bool {
        let parsed = try #require(try WeftCommand.parseAsRoot(arguments) as? RunCommand).plan
        return plain.texts == parsed.texts.filter { !$0.value.isEmpty } && plain.config == parsed.config
            && plain.isConfirmed == parsed.isConfirmed
    }

    private func arguments(_ setting: Setting, _ value: String) -> [String] {
        if case .toggle = setting.kind { [setting.flag] } else { [setting.flag, value] }
    }
}
