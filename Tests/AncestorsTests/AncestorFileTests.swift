import Settings
import Testing
import WeftTestKit

@testable import Ancestors

private let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

private let wesher = """
    {
      "ClusterKey": "\(key)",
      "Nodes": [
        {"Name": "host-b", "Addr": "192.0.2.2", "Meta": "Kf+BAwEBCG5vZGVNZXRhAf+CAAECAQ=="},
        {"Name": "host-c", "Addr": "2001:db8::3", "Meta": null}
      ]
    }
    """

private let w2wesher = """
    ; of host-a
    [P2P]
    PSK              = \(key)
    PrivateKey       = CAESQK==
    Bootstrap        = /ip4/192.0.2.2/udp/10042/quic/p2p/12D3KooWA,/ip6/2001:db8::3/tcp/4001/p2p/12D3KooWB, /dns4/c.example/udp/1/quic/p2p/x
    ListenAddr       = /ip4/192.0.2.1/udp/10050
    AnnounceInterval = 1m0s

    [Wireguard]
    Interface           = wesh1
    PrivateKey          = 6MXtzTMNzwv4=
    ListenPort          = 10043
    NetworkRange        = fd6d:142e:65e7:4cc1::/64
    NodeName            = host-a # the first
    PersistentKeepalive = 1m30s
    """

private func read(_ text: String) throws -> InheritedSettings { try AncestorFile.read(Array(text.utf8)) }

private func refusal(_ text: String) -> AncestorFileError? {
    do throws(AncestorFileError) {
        _ = try AncestorFile.read(Array(text.utf8))
        return nil
    } catch { return error }
}

extension InheritedSettings {
    fileprivate subscript(setting: Setting) -> [String]? { entries.first { $0.setting == setting }?.values }
}

@Suite struct AncestorFileTests {
    @Test func aStateOfWeshersGivesKeyAndHosts() throws {
        let inherited = try read(wesher)
        #expect(inherited.program == "wesher")
        #expect(inherited[.clusterKey] == [key])
        #expect(inherited[.join] == ["192.0.2.2", "2001:db8::3"])
        #expect(inherited.remarks.contains { $0.contains("overlay-net: [10.0.0.0/8]") })
    }

    @Test(arguments: [#"{"ClusterKey": "\#(key)"}"#, #"{"ClusterKey": "\#(key)", "Nodes": null}"#])
    func aNodeThatWasAloneHasOnlyAKey(text: String) throws {
        #expect(try read(text).entries.map(\.setting) == [.clusterKey])
    }

    @Test func anINIFileGivesAllThatWeftHas() throws {
        let inherited = try read(w2wesher)
        #expect(inherited.program == "w2wesher")
        let expected: [(Setting, [String])] = [
            (.clusterKey, [key]), (.join, ["192.0.2.2", "2001:db8::3", "c.example"]), (.clusterPort, ["10050"]),
            (.bindAddress, ["192.0.2.1"]), (.interface, ["wesh1"]), (.wireguardPort, ["10043"]),
            (.overlayNet, ["fd6d:142e:65e7:4cc1::/64"]), (.name, ["host-a"]), (.persistentKeepalive, ["90"]),
        ]
        #expect(inherited.entries == expected.map { .init($0, $1) })
        #expect(inherited.remarks.contains { $0.contains("private keys") })
        #expect(inherited.remarks.allSatisfy { !$0.contains("CAESQK") && !$0.contains("6MXtzT") })
    }

    @Test func listeningEverywhereIsNoSetting() throws {
        let inherited = try read("[P2P]\nListenAddr = /ip4/0.0.0.0/udp/10042\n")
        #expect(inherited[.bindAddress] == nil)
        #expect(inherited[.clusterPort] == ["10042"])
    }

    @Test func whatIsEmptyIsNotSaid() throws {
        #expect(try read("[P2P]\nPSK=\nBootstrap =\n[Wireguard]\nNodeName = \"\"\n").entries.isEmpty)
    }

    @Test func quotesAndLineEndsOfOthersAreUnderstood() throws {
        let inherited = try read("[Wireguard]\r\nInterface = `a;b`\r\nNodeName : \"host-a\" ; mine\r\n")
        #expect(inherited[.interface] == ["a;b"])
        #expect(inherited[.name] == ["host-a"])
    }

    @Test func anAddressWithoutAHostIsLeftOutAndSaidSo() throws {
        let inherited = try read("[P2P]\nBootstrap = /p2p/12D3KooWA,/ip4/192.0.2.2/udp/1\n")
        #expect(inherited[.join] == ["192.0.2.2"])
        #expect(inherited.remarks.contains { $0.contains("left out") })
    }

    @Test func noMoreHostsThanTheLimit() throws {
        let nodes = (0..<100).map { #"{"Addr": "192.0.2.\#($0)"}"# }.joined(separator: ",")
        #expect(try read(#"{"ClusterKey": "\#(key)", "Nodes": [\#(nodes)]}"#)[.join]?.count == AncestorFile.maximumHosts)
        let addresses = (0..<100).map { "/ip4/192.0.2.\($0)/udp/1" }.joined(separator: ",")
        #expect(try read("[P2P]\nBootstrap = \(addresses)")[.join]?.count == AncestorFile.maximumHosts)
    }

    @Test func whatIsNoneIsRefused() {
        #expect(refusal("") == .empty)
        #expect(refusal(" \n\t") == .empty)
        #expect(refusal("{}") == .noWesherState)
        #expect(refusal("{\"ClusterKey\": 3}") == .noWesherState)
        #expect(refusal("{") == .noWesherState)
        #expect(refusal("[P2P]\nPSK\n") == .notUnderstood(line: 2))
        #expect(refusal("[Peers]\na = b\n") == .noW2wesherFile)
        #expect(refusal(String(repeating: " ", count: AncestorFile.maximumBytes + 1)) == .tooLarge)
    }

    @Test(
        arguments: [
            ("1m0s", 60), ("25s", 25), ("1h1m1s", 3661), ("1m30.5s", 90), ("500ms", 0), ("-1ns", -1), ("0", 0), ("", nil), ("1", nil),
            ("s", nil),
            ("1d", nil), ("1.2.3s", nil), ("9999999999999h", nil),
        ] as [(String, Int?)])
    func durationsAreGos(text: String, seconds: Int?) {
        #expect(GoDuration.seconds(text) == seconds)
    }

    @Test func aThousandMutatedFilesAreReadOrRefused() {
        var generator = SeededGenerator(seed: testSeed(#function))
        let corpus = [Array(wesher.utf8), Array(w2wesher.utf8)]
        for _ in 0..<1000 {
            let bytes = generator.mutated(corpus.randomElement(using: &generator) ?? [], among: corpus)
            _ = try? AncestorFile.read(bytes)
        }
    }
}
