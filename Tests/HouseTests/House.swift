import Foundation

/// The project's own text: its sources as they lie in the folder that this file is in.
enum House {
    struct SourceFile {
        /// From the root of the project.
        let path: String
        /// The target that the file belongs to.
        let target: String
        let lines: [String]

        var isGenerated: Bool { path.contains("/Generated/") }
    }

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .path

    static let sources = ["Sources", "Benchmarks", "Examples"].flatMap(swiftFiles)

    /// Folders with tests in them.
    static var testFolders: [String] {
        Array(Set(swiftFiles(under: "Tests").map(\.target)))
    }

    static func text(of path: String) throws -> String {
        try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
    }

    private static func swiftFiles(under folder: String) -> [SourceFile] {
        let names = FileManager.default.enumerator(atPath: "\(root)/\(folder)")?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(".swift") }.sorted().compactMap { name in
            guard let text = try? text(of: "\(folder)/\(name)"), let target = name.split(separator: "/").first else { return nil }
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            return SourceFile(path: "\(folder)/\(name)", target: String(target), lines: lines)
        }
    }
}

extension House.SourceFile {
    /// The modules that the file imports.
    var imports: Set<String> {
        let pattern =
            #/^\s*(?:@\w+(?:\(\w+\))?\s+|package\s+|private\s+|internal\s+|public\s+)*import\s+(?:struct\s+|class\s+|enum\s+|func\s+|protocol\s+)?(\w+)/#
        return Set(lines.compactMap { $0.firstMatch(of: pattern).map { String($0.1) } })
    }

    /// The lines without what is in comments and in string literals of one line.
    var code: [String] {
        lines.map { line in
            let withoutText = line.replacing(#/"(?:\\.|[^"\\])*"/#, with: "\"\"")
            return withoutText.split(separator: "//", maxSplits: 1, omittingEmptySubsequences: false).first.map(String.init) ?? ""
        }
    }

    /// Whether the line says why it does what it does, or the line before it does.
    func isExplained(_ index: Int) -> Bool {
        lines[index].contains("//") || index > 0 && lines[index - 1].trimmingCharacters(in: .whitespaces).hasPrefix("//")
    }
}
