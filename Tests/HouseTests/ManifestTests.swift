import Testing

/// `Package.swift` says what the sources say: no dependency is left over, none comes in by the back door.
@Suite struct ManifestTests {
    /// Part of the toolchain, or of the system.
    private static let system: Set = ["Foundation", "FoundationEssentials", "Glibc", "Synchronization", "Testing"]

    /// Target name to dependencies, out of the manifest's text. Constants for products are spelled like the product in camel case.
    private func dependencies() throws -> [String: Set<String>] {
        let manifest = try House.text(of: "Package.swift")
        let products = manifest.matches(of: #/let (\w+): Target\.Dependency = \.product\(name: "(\w+)"/#)
        let constants = Dictionary(uniqueKeysWithValues: products.map { (String($0.1), String($0.2)) })
        var result: [String: Set<String>] = [:]
        for target in manifest.matches(of: #/\.(?:target|executableTarget)\(\s*name: "(\w+)"(?:,\s*dependencies: \[([^\]]*)\])?/#) {
            let words = (target.2 ?? "").split { $0 == "," || $0.isWhitespace }.map { $0.filter { $0 != "\"" } }
            result[String(target.1)] = Set(words.map { constants[$0] ?? $0 })
        }
        return result
    }

    @Test(arguments: ImportRule.all.map(\.target))
    func theManifestNamesWhatTheTargetImports(target: String) throws {
        let declared = try #require(try dependencies()[target], "no target \(target) in Package.swift")
        let imported = House.sources.filter { $0.target == target }.reduce(into: Set<String>()) { $0.formUnion($1.imports) }
        #expect(declared == imported.subtracting(Self.system))
    }

    @Test func theManifestHasNoTargetWithoutARule() throws {
        let known = Set(ImportRule.all.map(\.target) + ImportRule.headers)
        #expect(Set(try dependencies().keys).subtracting(known).isEmpty)
    }

    @Test func everyFolderOfTestsIsATarget() throws {
        let manifest = try House.text(of: "Package.swift")
        let declared = Set(manifest.matches(of: #/\.testTarget\(\s*name: "(\w+)"/#).map { String($0.1) })
        #expect(Set(House.testFolders) == declared)
    }
}
