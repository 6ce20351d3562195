import Testing
import WeftTestKit

@testable import Settings

@Suite struct FlatYAMLTests {
    @Test func scalarsAndListsAreRead() throws {
        let text = """
            # a comment
            name: host-a     # another
            'quoted': "10.5.0.0/16"
            list: [a, 'b c',
                   d]
            long:
              - 1
              - "2"
            none: []
            """
        #expect(
            try entries(text) == [
                FlatYAML.Entry(key: "name", values: ["host-a"], isList: false, line: 2),
                FlatYAML.Entry(key: "quoted", values: ["10.5.0.0/16"], isList: false, line: 3),
                FlatYAML.Entry(key: "list", values: ["a", "b c", "d"], isList: true, line: 4),
                FlatYAML.Entry(key: "long", values: ["1", "2"], isList: true, line: 6),
                FlatYAML.Entry(key: "none", values: [], isList: true, line: 9),
            ])
    }

    @Test(arguments: ["", "\n", "# nothing", "---\n", "---\n...\n", "{}"])
    func nothingIsNothing(text: String) throws {
        #expect(try entries(text).isEmpty)
    }

    static let faults: [(String, Int, String)] = [
        ("a: 1\na: 2\n", 2, "a stands in line 1 already"),
        ("a:\nb: 1\n", 1, "a has no value"),
        ("a: ~\n", 1, "a has no value"),
        ("a: [1, null]\n", 1, "a has an empty value in its list"),
        ("a: {b: 1}\n", 1, "a takes a value or a list of values"),
        ("a: [[1]]\n", 1, "a takes a value or a list of values"),
        ("a: &x 1\nb: *x\n", 2, "references (*name) are not for settings: write the value out"),
        ("a: 1\n---\nb: 1\n", 2, "a second document (---): a settings file has one"),
        ("just words\n", 1, "a settings file has lines like `cluster-port: 10042`"),
        ("- a\n", 1, "a settings file has lines like `cluster-port: 10042`"),
        ("[a]: 1\n", 1, "a settings file has lines like `cluster-port: 10042`"),
        ("a: 1\n\tb: 2\n", 2, "found a tab character that violates indentation"),
        ("a: 'x\n", 2, "found unexpected end of stream"),
    ]

    @Test(arguments: faults)
    func faultsAreSaidWithTheirLine(text: String, line: Int, reason: String) {
        #expect(throws: FlatYAML.Fault(line: line, reason: reason)) { try entries(text) }
    }

    @Test func nothingGrowsWithoutLimit() {
        let manyKeys = (0...FlatYAML.maximumItems).map { "k\($0): 1\n" }.joined()
        #expect(throws: FlatYAML.Fault(line: 257, reason: "more than 256 of them")) { try entries(manyKeys) }
        let longList = "k:\n" + String(repeating: "- a\n", count: FlatYAML.maximumItems + 1)
        #expect(throws: FlatYAML.Fault(line: 258, reason: "more than 256 of them")) { try entries(longList) }
        let longFile = "k: " + String(repeating: "a", count: FlatYAML.maximumBytes)
        #expect(throws: FlatYAML.Fault(line: 1, reason: "the file has more than 64 KiB")) { try entries(longFile) }
        #expect(throws: FlatYAML.Fault.self) { try entries(String(repeating: "[", count: 60_000)) }
    }

    @Test func nothingTraps() {
        var generator = SeededGenerator(seed: testSeed("nothingTraps"))
        let corpus = ["a: 1\nb: [c, 'd']\n", "x:\n  - \"y\\u00e4\"\n  - >-\n    z\n", "---\na: |\n  b\n"].map { Array($0.utf8) }
        for _ in 0..<20_000 {
            let bytes = generator.mutated(corpus.randomElement(using: &generator) ?? [], among: corpus)
            do throws(FlatYAML.Fault) { _ = try FlatYAML(bytes) } catch { #expect(error.line >= 1 && !error.reason.isEmpty) }
        }
    }

    private func entries(_ text: String) throws -> [FlatYAML.Entry] { try FlatYAML(Array(text.utf8)).entries }
}
