import Testing

@testable import WeftDaemon

@Suite struct JoinHostTests {
    @Test(arguments: [
        ("host-b", "host-b:7"), ("host-b:80", "host-b:80"), ("host_b.example.com", "host_b.example.com:7"),
        ("example.com.", "example.com.:7"),
        ("Host.Example:65535", "Host.Example:65535"), ("192.0.2.1", "192.0.2.1:7"), ("192.0.2.1:1", "192.0.2.1:1"),
        ("fd00::1", "[fd00::1]:7"),
        ("[fd00::1]:80", "[fd00::1]:80"), ("::1", "[::1]:7"), ("a", "a:7"), ("4f3", "4f3:7"), ("1.example", "1.example:7"),
        ("weft1", "weft1:7"),
        ("42", "42:7"),
    ])
    func aHostIsRead(text: String, expected: String) throws {
        #expect(JoinHost(text, defaultPort: 7)?.description == expected)
    }

    @Test(arguments: [
        "", ":", ":80", "host:", "host:0", "host:65536", "host:-1", "host:+5", "host: 5", "host:5 ", "host:1:2", " host", "host ", "ho st",
        ".", "..",
        "a..b", ".a", "a..", "-a", "a-", "a.-b", "[fd00::1]", "[fd00::1]:0", "192.0.2.1:0", "192.0.2.256", "192.0.2", "1.2.3.4.5",
        "fd00::g",
        "host/path", "http://host", "höst", "a\u{0}b", "a\nb", "user@host", "host\u{200b}", "*",
    ])
    func whatIsNoHostIsNotRead(text: String) {
        #expect(JoinHost(text, defaultPort: 7) == nil, "\(text.debugDescription)")
    }

    @Test func lengthsHaveLimits() {
        let label = String(repeating: "a", count: 63)
        #expect(JoinHost(label, defaultPort: 7) != nil)
        #expect(JoinHost(label + "a", defaultPort: 7) == nil)
        let longest = [label, label, label, String(label.prefix(61))].joined(separator: ".")
        #expect(longest.utf8.count == 253)
        #expect(JoinHost(longest, defaultPort: 7) != nil)
        #expect(JoinHost(longest + "a", defaultPort: 7) == nil)
    }

    @Test(arguments: [
        ("host-b:80", "/dns/host-b/tcp/80"), ("192.0.2.1:80", "/ip4/192.0.2.1/tcp/80"), ("[fd00::1]:80", "/ip6/fd00::1/tcp/80"),
    ])
    func isDialledTheWayLibp2pSaysIt(text: String, expected: String) throws {
        let host = try #require(JoinHost(text, defaultPort: 7))
        #expect(host.multiaddr.description == expected)
    }
}
