import LocalAPI
import Testing

@testable import weft

@Suite struct StatusTableTests {
    private func report(_ members: [StatusReport.Member], problems: [String] = []) -> StatusReport {
        StatusReport(
            node: .init(
                name: "host-a", peerID: "12D3", interface: "weft0", wireguard: "kernel", addresses: ["10.7.0.1"], overlay: ["10.7.0.0/16"],
                mesh: "abcdefgh", peeringPort: 10042, wireguardPort: 10042, uptimeSeconds: 3725, problems: problems),
            members: members)
    }

    @Test func isLaidOutInColumns() {
        let members = [
            StatusReport.Member(name: "host-a", peerID: "p", addresses: ["10.7.0.1", "fd00::1"], state: .itself, software: "weft/0.1.0"),
            StatusReport.Member(
                name: "b", peerID: "q", addresses: ["10.7.0.2"], state: .connected, endpoint: "192.0.2.2:10042",
                lastHandshakeSecondsAgo: 61,
                receivedBytes: 2048, sentBytes: 100, roundTripMillis: 0.44, software: "weft/0.1.0"),
        ]
        let expected = """
            host-a on weft0  mesh abcdefgh  WireGuard: kernel  up 1h2m

            NAME    ADDRESS   STATE      ENDPOINT         HANDSHAKE  RECEIVED  SENT   PEERING RTT
            host-a  10.7.0.1  self       -                -          0 B       0 B    -
                    fd00::1
            b       10.7.0.2  connected  192.0.2.2:10042  1m1s ago   2.0 KiB   100 B  0.4 ms

            """
        #expect(StatusTable(report(members)).text == expected)
    }

    @Test func problemsStandBelow() {
        let text = StatusTable(report([], problems: ["cannot join by host-b: refused"])).text
        #expect(text.hasSuffix("PEERING RTT\n\n! cannot join by host-b: refused\n"))
    }

    @Test func whatOthersSayCannotDirectTheTerminal() {
        let member = StatusReport.Member(
            name: "\u{1b}[2J", peerID: "p", addresses: ["\u{1b}c", "\u{202e}x"], state: .known, endpoint: "a\nb", software: "s")
        let text = StatusTable(report([member], problems: ["\u{1b}]0;title\u{7}"])).text
        #expect(!text.unicodeScalars.contains { ($0.value < 0x20 && $0 != "\n") || $0.properties.isBidiControl })
        #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count == 8)
    }

    @Test(arguments: [
        (0, "0s"), (59, "59s"), (60, "1m0s"), (3599, "59m59s"), (3600, "1h0m"), (86_399, "23h59m"), (86_400, "1d0h"), (1_000_000, "11d13h"),
    ])
    func durationsAreShort(seconds: Int, text: String) {
        #expect(StatusTable.duration(seconds) == text)
    }

    @Test(arguments: [
        (UInt64(0), "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (1 << 20, "1.0 MiB"), (1 << 30, "1.0 GiB"),
        (1 << 40, "1.0 TiB"),
        (.max, "16777216.0 TiB"),
    ])
    func amountsHaveUnits(bytes: UInt64, text: String) {
        #expect(StatusTable.bytes(bytes) == text)
    }

    @Test(arguments: [
        (0.0, "0.0 ms"), (0.05, "0.1 ms"), (12.34, "12.3 ms"), (-1, "0.0 ms"), (1e300, "1000000000000000.0 ms"),
        (.infinity, "1000000000000000.0 ms"),
    ])
    func timesAreInMilliseconds(millis: Double, text: String) {
        #expect(StatusTable.millis(millis) == text)
    }
}
