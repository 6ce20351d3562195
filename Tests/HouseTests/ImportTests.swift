import Testing

/// Dependencies point one way, and this holds them there.
@Suite struct ImportTests {
    private let rules = ImportRule.all
    private let sources = House.sources

    private func allowed(_ target: String) -> Set<String> {
        rules.first { $0.target == target }?.allowed ?? []
    }

    @Test func everyTargetHasARuleAndEveryRuleATarget() {
        #expect(sources.count > 100)
        let targets = Set(sources.map(\.target)).subtracting(ImportRule.headers)
        #expect(targets == Set(rules.map(\.target)))
        #expect(rules.count == Set(rules.map(\.target)).count)
    }

    @Test(arguments: ImportRule.all.map(\.target))
    func filesImportWhatTheirTargetMay(target: String) {
        for file in sources where file.target == target && !file.isGenerated {
            let foreign = file.imports.subtracting(allowed(target)).sorted()
            #expect(foreign.isEmpty, "\(file.path) imports \(foreign): \(rules.first { $0.target == target }?.reason ?? "")")
        }
    }

    /// What `protoc` writes imports Foundation where there is one; it uses `Data` of it and nothing else.
    @Test func generatedFilesImportTheirRuntime() {
        for file in sources where file.isGenerated {
            #expect(file.imports.isSubset(of: ["Foundation", "FoundationEssentials", "SwiftProtobuf"]), "\(file.path)")
        }
    }

    @Test func nothingIsAllowedThatNobodyUses() {
        for rule in rules {
            let used = sources.filter { $0.target == rule.target }.reduce(into: Set<String>()) { $0.formUnion($1.imports) }
            #expect(rule.allowed.subtracting(used).isEmpty, "\(rule.target) does not need \(rule.allowed.subtracting(used).sorted())")
        }
    }

    // MARK: What the table itself must keep to

    @Test(arguments: ImportRule.pure)
    func pureCoresHaveNoEffects(target: String) {
        #expect(allowed(target).filter(ImportRule.isEffectful).isEmpty)
        #expect(allowed(target).isDisjoint(with: ImportRule.adapters))
    }

    @Test func onlyProgramsReadTheCommandLine() {
        #expect(rules.filter { $0.allowed.contains("ArgumentParser") }.map(\.target) == ["weft", "WeftSimulate"])
    }

    @Test(arguments: ImportRule.libp2p)
    func libp2pKnowsNothingOfWeft(target: String) {
        let weft: Set = [
            "Mesh", "WireGuard", "NetlinkCodec", "LinuxNetwork", "UserspaceWireGuard", "LocalAPI", "WeftDaemon", "weft",
            "WeftTestKit", "WeftLaboratory",
        ]
        #expect(allowed(target).isDisjoint(with: weft))
    }

    @Test(arguments: ImportRule.adapters)
    func adaptersDoNotKnowTheMesh(target: String) {
        #expect(allowed(target).isDisjoint(with: ["Mesh", "WeftDaemon", "weft", "Logging"]))
    }

    @Test func nothingStandsOnItself() {
        var settled: Set<String> = []
        var rest = rules
        let names = Set(rules.map(\.target))
        while let next = rest.firstIndex(where: { $0.allowed.intersection(names).isSubset(of: settled) }) {
            settled.insert(rest.remove(at: next).target)
        }
        #expect(rest.isEmpty, "a circle of imports: \(rest.map(\.target))")
    }
}
