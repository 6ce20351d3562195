import ArgumentParser
import Mesh
import Settings
import Testing
import WeftDaemon
import WeftTestKit

@testable import weft

/// Each setting by flag, by variable and by file.
@Suite struct EverySettingTests {
    /// A value that is right and no default, and one that is wrong (`nil`: whatever is text is right).
    static let samples: [Setting: (right: String, wrong: String?)] = [
        .join: ("host-b:7", "ho st"), .clusterKey: (someSecret?.clusterKey ?? "", "short"), .startOver: ("true", nil),
        .name: ("host-z", "Host Z"), .interface: ("mesh7", "a/b"), .socket: ("/s.sock", nil), .stateDirectory: ("/s", nil),
        .user: ("daemon", nil),
        .bindAddress: ("192.0.2.1", "eth0"), .bindInterface: ("eth1", nil), .advertiseAddress: ("198.51.100.1", "1.2.3"),
        .clusterPort: ("7", "65536"), .wireguardPort: ("8", "0x8"), .overlayNet: ("10.5.0.0/16", "10.5.0.0/33"),
        .wireguard: ("kernel", "openvpn"), .persistentKeepalive: ("25", "x"), .ephemeral: ("true", "maybe"), .noEtcHosts: ("true", "maybe"),
        .hostsFile: ("/h", nil), .dns: ("on", "often"), .dnsPort: ("7", "0"), .noMDNS: ("true", "maybe"), .noPortMapping: ("true", "maybe"),
        .metricsAddress: ("10.0.0.1:7", "10.0.0.1"), .webAddress: ("127.0.0.1:7", "192.0.2.1:7"), .logLevel: ("debug", "loud"),
        .logFormat: ("json", "xml"),
    ]

    @Test func noneIsLeftOut() {
        #expect(Set(Self.samples.keys) == Set(Setting.all))
    }

    @Test(arguments: Setting.all)
    func eachWayToSayItMeansTheSame(setting: Setting) throws {
        let sample = try #require(Self.samples[setting])
        let byFlag = try settings(flags(setting, sample.right))
        #expect(shown(byFlag) != shown(try settings([])), "the sample is no default")
        #expect(shown(byFlag) == shown(try settings([], [setting.variable: sample.right])))
        if let inherited = setting.inheritedVariable { #expect(shown(byFlag) == shown(try settings([], [inherited: sample.right]))) }
        for former in setting.formerFlags { #expect(shown(byFlag) == shown(try settings(["--\(former)", sample.right]))) }
        guard !setting.isForTheMoment else { return }
        #expect(shown(byFlag) == shown(try settings([], file: "\(setting.key): \(sample.right)\n")))
    }

    @Test(arguments: Setting.all)
    func eachFaultIsSaidWithItsPlace(setting: Setting) throws {
        guard let wrong = try #require(Self.samples[setting]).wrong else { return }
        if case .toggle = setting.kind {} else { #expect(refusal(flags(setting, wrong))?.hasPrefix("\(setting.flag)") == true) }
        #expect(refusal([], [setting.variable: wrong])?.hasPrefix(setting.variable) == true)
        #expect(refusal([], file: "\n\(setting.key): \(wrong)\n")?.hasPrefix("/f:2: \(setting.key)") == true)
        #expect(refusal([], file: "\(setting.key): {a: 1}\n")?.hasPrefix("/f:1: \(setting.key)") == true)
    }

    @Test func aFlagTakesBackWhatTheFileSays() throws {
        #expect(try settings([], file: "ephemeral: true\n").isEphemeral)
        #expect(try !settings(["--no-ephemeral"], file: "ephemeral: true\n").isEphemeral)
    }

    @Test func thousandMutatedFilesAreSettingsOrAClearError() throws {
        let seed = testSeed("thousandMutatedFiles")
        var generator = SeededGenerator(seed: seed)
        let lines = Self.samples.filter { !$0.key.isForTheMoment && $0.key != .bindInterface }.map { "\($0.key.key): \($0.value.right)\n" }
        let whole = lines.sorted().joined()
        #expect(refusal([], file: whole) == nil)
        let corpus = [whole, "join: [a, b]\noverlay-net:\n  - 10.5.0.0/16\n  - fd00::/64\n"].map { Array($0.utf8) }
        for _ in 0..<1000 {
            let bytes = generator.mutated(corpus.randomElement(using: &generator) ?? [], among: corpus)
            do {
                try CheckConfigCommand.check(SettingsFile(path: "/f", bytes: bytes))
            } catch {
                #expect("\(error)".hasPrefix("/f:") && "\(error)".count > 10, "seed \(seed): \(error)")
            }
        }
    }

    private func flags(_ setting: Setting, _ value: String) -> [String] {
        if case .toggle = setting.kind { [setting.flag] } else { [setting.flag, value] }
    }

    private func shown(_ settings: DaemonSettings) -> String {
        var text = ""
        dump(settings, to: &text)
        return text
    }
}
