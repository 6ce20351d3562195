import Foundation
import Testing

@testable import Settings

@Suite struct GivenSettingsTests {
    private let file = SettingsFile(path: "/f", bytes: Array("name: of-file\njoin: [a, b]\n".utf8))

    private func given(_ flags: [Setting: GivenValue] = [:], _ environment: [String: String] = [:]) -> GivenSettings {
        GivenSettings(flags: flags, environment: environment, file: file)
    }

    @Test(arguments: Setting.all)
    func flagsGoBeforeTheEnvironmentAndThatBeforeTheFile(setting: Setting) {
        let flag = GivenValue(values: ["true"], origin: .flag(setting.flag))
        let file = SettingsFile(path: "/f", bytes: Array("\(setting.key): true\n".utf8))
        var environment = [setting.variable: "true"]
        if let inherited = setting.inheritedVariable { environment[inherited] = "true" }
        #expect(GivenSettings(flags: [setting: flag], environment: environment, file: file)[setting]?.origin == .flag(setting.flag))
        #expect(GivenSettings(flags: [:], environment: environment, file: file)[setting]?.origin == .environment(setting.variable))
        environment[setting.variable] = nil
        if let inherited = setting.inheritedVariable {
            #expect(GivenSettings(flags: [:], environment: environment, file: file)[setting]?.origin == .environment(inherited))
        }
        let ofFile = GivenSettings(flags: [:], environment: [:], file: file)[setting]?.origin
        #expect(ofFile == (setting.isForTheMoment ? nil : .file(path: "/f", line: 1)))
        #expect(GivenSettings(flags: [:], environment: [:], file: SettingsFile(path: "/f"))[setting] == nil)
    }

    @Test func listsHaveCommasInTheEnvironment() {
        #expect(given()[.join] == GivenValue(values: ["a", "b"], origin: .file(path: "/f", line: 2)))
        #expect(given([:], ["WEFT_JOIN": "c,d"])[.join]?.values == ["c", "d"])
    }

    @Test func anEmptyVariableSaysNothingUnlessItIsTheKey() {
        #expect(given([:], ["WEFT_NAME": "", "WEFT_JOIN": ""])[.name]?.values == ["of-file"])
        #expect(given([:], ["WEFT_CLUSTER_KEY": ""])[.clusterKey]?.values == [""])
    }

    @Test func otherNamesAreHintedAt() {
        let flags = [Setting.join: GivenValue(values: ["a"], origin: .flag("--joinaddrs"))]
        #expect(given(flags).hints == ["--joinaddrs is called --join here"])
        #expect(given([:], ["WESHER_JOIN": "a"]).hints == ["WESHER_JOIN is called WEFT_JOIN here"])
        #expect(given([:], ["WESHER_JOIN": "a", "WEFT_JOIN": "b"]).hints == ["WEFT_JOIN goes before WESHER_JOIN"])
        #expect(given([:], ["WEFT_CLUSTERPORT": "1"]).hints == ["WEFT_CLUSTERPORT: no such setting; did you mean WEFT_CLUSTER_PORT?"])
        #expect(given([:], ["WEFT_SLOWNESS": "1", "PATH": "/"]).hints.isEmpty)
    }

    @Test func aFileWithASecretThatAllCanReadIsHintedAt() {
        let bytes = Array("name: a\ncluster-key: x\n".utf8)
        let open = SettingsFile(path: "/f", bytes: bytes, isOpenToAll: true)
        #expect(
            GivenSettings(flags: [:], environment: [:], file: open).hints.first?.contains("cluster-key holds the mesh's secret") == true)
        #expect(GivenSettings(flags: [:], environment: [:], file: SettingsFile(path: "/f", bytes: bytes)).hints.isEmpty)
    }
}

@Suite struct SettingsFileTests {
    @Test func eachFaultIsSaidWithFileAndLine() {
        let text = "cluster-prt: 5\nbind-addr: [a]\nname: 5\ninit: true\nephemeral: maybe\n\"a\\nb\": 1\n"
        let file = SettingsFile(path: "/f", bytes: Array(text.utf8))
        #expect(
            file.problems == [
                "/f:1: cluster-prt: no such setting (did you mean cluster-port?)", "/f:2: bind-addr takes one value, not a list",
                "/f:4: init would happen at each start: say it once, with --init", "/f:5: ephemeral takes true or false",
                "/f:6: this key: no such setting",
            ])
        #expect(file.values[.name]?.values == ["5"])
    }
}

@Suite struct SpellingTests {
    @Test func nearWordsAreFoundAndFarOnesNot() {
        let words = ["cluster-port", "cluster-key", "join"]
        #expect(Spelling.nearest(to: "clusterport", among: words) == "cluster-port")
        #expect(Spelling.nearest(to: "Jion", among: words) == nil)
        #expect(Spelling.nearest(to: "joinn", among: words) == "join")
        #expect(Spelling.nearest(to: "interface", among: words) == nil)
        #expect(Spelling.nearest(to: String(repeating: "join", count: 100), among: words) == nil)
        #expect(Spelling.nearest(to: "", among: []) == nil)
        #expect(Spelling.distance(Array("kitten".utf8), Array("sitting".utf8)) == 3)
    }
}

@Suite struct ListingTests {
    @Test func theExampleIsAFileInWhichNothingIsSet() {
        let file = SettingsFile(path: "/f", bytes: Array(Listing.exampleFile.utf8))
        #expect(file.problems.isEmpty && file.values.isEmpty)
    }

    @Test func theExampleWithItsValuesIsAFileToo() {
        let lines = Listing.exampleFile.split(separator: "\n").map { line in
            line.hasPrefix("#") && !line.hasPrefix("# ") ? line.dropFirst() : line
        }
        let file = SettingsFile(path: "/f", bytes: Array(lines.joined(separator: "\n").utf8))
        #expect(file.problems.isEmpty)
        #expect(Set(file.values.keys) == Set(Setting.all.filter { !$0.isForTheMoment }))
    }

    @Test func whatHoldsIsAFileAgainAndShowsNoSecret() {
        let text = "join: [hidden]\nname: \"a b\\n\"\nadvertise-addr: [1.2.3.4, 'fd00::1']\ncluster-port: 7\n"
        let given = GivenSettings(
            flags: [:], environment: ["WEFT_EPHEMERAL": "yes"], file: SettingsFile(path: "/f", bytes: Array(text.utf8)))
        let shown = Listing.effective(given).joined(separator: "\n")
        #expect(!shown.contains("hidden") && shown.contains("# /f:4") && shown.contains("# WEFT_EPHEMERAL"))
        let again = SettingsFile(path: "/g", bytes: Array(shown.replacing("(secret)", with: "x").utf8))
        #expect(again.problems.isEmpty)
        for setting in [Setting.name, .advertiseAddress, .clusterPort, .ephemeral] {
            #expect(again.values[setting]?.values == given[setting]?.values, "\(setting.key)")
        }
    }

    @Test func thePageIsMadeFromTheTable() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/SETTINGS.md").standardized
        let text = try String(contentsOf: page, encoding: .utf8)
        #expect(text.hasSuffix(Listing.reference), "`weft config reference` prints the table of docs/SETTINGS.md")
    }

    @Test func namesAreUnique() {
        #expect(Set(Setting.all.map(\.key)).count == Setting.all.count)
    }
}
