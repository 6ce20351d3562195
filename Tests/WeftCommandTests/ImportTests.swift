import Settings
import Testing
import WeftDaemon

@testable import weft

@Suite struct ImportTests {
    private static let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    private func text(_ file: String, asVariables: Bool = false) throws -> String {
        try ImportCommand.text(ImportCommand.read(Array(file.utf8), "/f"), asVariables: asVariables)
    }

    private func refusal(_ file: String) -> String? {
        do {
            _ = try text(file)
            return nil
        } catch { return "\(error)" }
    }

    @Test func aNodeStartsWithWhatWeshersStateSays() throws {
        let file = try text(
            #"{"ClusterKey": "\#(Self.key)", "Nodes": [{"Name": "b", "Addr": "192.0.2.2"}, {"Name": "c", "Addr": "fd00::3"}]}"#)
        let settings = try settings([], file: file)
        #expect(settings.secret == someSecret)
        #expect(settings.joinHosts.map(\.description) == ["192.0.2.2:10042", "[fd00::3]:10042"])
    }

    @Test func aNodeStartsWithWhatAnINIFileSays() throws {
        let file = try text(
            "[P2P]\nPSK = \(Self.key)\n[Wireguard]\nInterface = wesh0\nListenPort = 10043\nNetworkRange = fd6d:142e:65e7:4cc1::/64\n")
        let settings = try settings([], file: file)
        #expect(settings.secret == someSecret)
        #expect(settings.interface == "wesh0")
        #expect(settings.wireguardPort == 10043)
        #expect(settings.overlay?.prefixes.map(\.description) == ["fd6d:142e:65e7:4cc1::/64"])
    }

    @Test func variablesSayTheSame() throws {
        let file = try text(#"{"ClusterKey": "\#(Self.key)", "Nodes": [{"Addr": "192.0.2.2"}, {"Addr": "192.0.2.3"}]}"#, asVariables: true)
        #expect(file == "WEFT_CLUSTER_KEY=\"\(Self.key)\"\nWEFT_JOIN=\"192.0.2.2,192.0.2.3\"\n")
    }

    @Test func whatWeftRefusesIsRefusedHere() {
        #expect(refusal("{}")?.contains("/f: no state of wesher") == true)
        let advice = refusal("[Wireguard]\nNetworkRange = 300.0.0.0/8\n")
        #expect(advice?.contains("w2wesher may have accepted this") == true)
        #expect(advice?.contains("overlay-net") == true)
        #expect(refusal(#"{"ClusterKey": "short"}"#)?.contains("32 bytes in base64") == true)
        #expect(refusal(#"{"ClusterKey": "\#(Self.key)", "Nodes": [{"Addr": "a\nWEFT_USER=root"}]}"#) != nil)
    }
}
