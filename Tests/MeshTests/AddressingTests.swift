import IPAddresses
import Testing
import WeftTestKit

@testable import Mesh

@Suite struct AddressingTests {
    /// Computed independently.
    @Test(arguments: [
        ("host-a", "10.0.0.0/8", "10.122.97.173"), ("host-a", "10.42.0.0/16", "10.42.97.173"), ("host-a", "10.42.16.0/20", "10.42.16.173"),
        ("host-a", "192.168.7.0/24", "192.168.7.173"), ("host-a", "fd00:1:2:3::/64", "fd00:1:2:3:6ef7:b90f:cb7a:61ad"),
        ("host-b", "10.42.0.0/16", "10.42.93.252"), ("host-b", "fd00::/8", "fd7f:d5b7:5b3c:64bf:6ef7:b90f:cb7a:5dfc"),
        ("web-1", "10.0.0.0/8", "10.230.141.63"), ("a", "fd00:1:2:3::/64", "fd00:1:2:3:7891:2b70:4e4a:8964"),
    ])
    func firstChoiceIsTheAncestorsRule(text: String, range: String, expected: String) throws {
        let chosen = try OverlayAddressing.assignAddress(name: name(text), peer: identity(1).peerID, in: prefix(range)) { _ in false }
        #expect(chosen == address(expected))
    }

    @Test func fillsASmallRangeToTheLastAddress() throws {
        for text in ["10.0.0.8/29", "10.0.0.0/30", "10.7.0.0/20", "fd00::/126"] {
            let range = prefix(text)
            let room = Int(range.hostMask) - (range.family == .ipv4 ? 1 : 0)
            var taken: Set<IPAddress> = []
            for number in 0..<room {
                let peer = try identity(number).peerID
                let chosen = try OverlayAddressing.assignAddress(name: name("same"), peer: peer, in: range, isTaken: taken.contains)
                #expect(range.contains(chosen) && range.isHost(chosen))
                #expect(taken.insert(chosen).inserted)
            }
            #expect(throws: AddressingError.rangeFull(range)) {
                _ = try OverlayAddressing.assignAddress(name: name("same"), peer: identity(99).peerID, in: range, isTaken: taken.contains)
            }
        }
    }

    @Test func aWideRangeThatIsAllTakenEndsTheSearch() throws {
        #expect(throws: AddressingError.rangeFull(prefix("fd00::/8"))) {
            _ = try OverlayAddressing.assignAddress(name: name("a"), peer: identity(1).peerID, in: prefix("fd00::/8")) { _ in true }
        }
    }

    @Test func rangesAreChecked() throws {
        let both = try overlay("10.1.2.3/8", "fd00::5/64")
        #expect(both.description == "10.0.0.0/8, fd00::/64")
        #expect(both.isUsable(address("10.0.0.1")))
        for unusable in ["10.0.0.0", "10.255.255.255", "11.0.0.1", "fd00::", "fd00:0:0:1::1"] { #expect(!both.isUsable(address(unusable))) }
        #expect(both.isUsable(address("fd00::ffff:ffff:ffff:ffff")))
        let cases: [(OverlayRangesError, [String])] = [
            (.noRange, []), (.severalRanges(.ipv4), ["10.0.0.0/8", "10.0.0.0/9"]), (.tooWide(prefix("0.0.0.0/0")), ["0.0.0.0/0"]),
            (.tooNarrow(prefix("10.0.0.0/31")), ["10.0.0.0/31"]), (.tooNarrow(prefix("10.0.0.1/32")), ["10.0.0.1/32"]),
            (.tooNarrow(prefix("fd00::/127")), ["fd00::/127"]), (.tooNarrow(prefix("fd00::/128")), ["fd00::/128"]),
            (.notUnicast(prefix("127.0.0.0/8")), ["127.0.0.0/8"]), (.notUnicast(prefix("ff00::/16")), ["ff00::/16"]),
            (.notUnicast(prefix("fe80::/64")), ["fe80::/64"]),
        ]
        for (error, texts) in cases { #expect(throws: error) { _ = try OverlayRanges(texts.map(prefix)) } }
    }

    @Test func findsConflictsWithRoutes() throws {
        let ranges = try overlay("10.42.0.0/16", "fd00::/64")
        let routes = ["0.0.0.0/0", "::/0", "192.168.0.0/16", "10.42.7.0/24", "10.0.0.0/8", "fd01::/64"].map(prefix)
        #expect(ranges.conflicts(with: routes).map(\.route) == [prefix("10.42.7.0/24"), prefix("10.0.0.0/8")])
    }
}
