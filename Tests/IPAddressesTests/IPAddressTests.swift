import Testing

@testable import IPAddresses

@Suite struct IPAddressTests {
    @Test(arguments: [
        "0.0.0.0", "10.1.2.3", "255.255.255.255", "::", "::1", "fe80::1", "2001:db8::1:0:0:1", "2001:db8:0:1:1:1:1:1", "1:2:3:4:5:6:7:8",
        "::ffff:10.0.0.1", "fd00:1::", "1::8",
    ])
    func roundTrips(text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == text)
        #expect(IPAddress(bytes: address.bytes) == address)
    }

    @Test(arguments: [
        ("2001:0DB8:0:0:0:0:0:1", "2001:db8::1"), ("0:0:0:0:0:0:0:0", "::"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
        ("::1.2.3.4", "::102:304"), ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
    ])
    func printsCanonicalText(text: String, canonical: String) throws {
        #expect(try #require(IPAddress(text)).description == canonical)
    }

    @Test(arguments: [
        "", ".", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4",
        "1.2.3.4 ", "+1.2.3.4", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8::", "12345::", "g::", "fe80::1%eth0", "1.2.3.4::", "::1.2.3.4:5", "::-1", "١.٢.٣.٤",
        "0000000000000000000000000000000000000000000000000001",
    ])
    func refusesWhatIsNoAddress(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func refusesOtherByteCounts() {
        for count in [0, 1, 3, 5, 15, 17] { #expect(IPAddress(bytes: [UInt8](repeating: 1, count: count)) == nil) }
    }

    @Test func classifies() throws {
        #expect(try #require(IPAddress("127.9.9.9")).isLoopback)
        #expect(try #require(IPAddress("::1")).isLoopback)
        #expect(try #require(IPAddress("169.254.1.1")).isLinkLocal)
        #expect(try #require(IPAddress("fe9f::1")).isLinkLocal)
        #expect(try !#require(IPAddress("fec0::1")).isLinkLocal)
        #expect(try #require(IPAddress("239.1.1.1")).isMulticast)
        #expect(try #require(IPAddress("ff02::fb")).isMulticast)
        #expect(try #require(IPAddress("::ffff:1.2.3.4")).unmapped == IPAddress("1.2.3.4"))
    }
}

@Suite struct IPPrefixTests {
    @Test(arguments: ["0.0.0.0/0", "10.0.0.0/8", "10.1.2.3/32", "::/0", "fd00::/64", "::1/128"])
    func roundTrips(text: String) throws {
        #expect(try #require(IPPrefix(text)).description == text)
    }

    @Test(arguments: ["10.0.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/08", "/8", "10.0.0.0/", "10.0.0.0/8/8"])
    func refusesWhatIsNoPrefix(text: String) {
        #expect(IPPrefix(text) == nil)
    }

    @Test func containsAndOverlaps() throws {
        let ten = try #require(IPPrefix("10.0.0.0/8"))
        let sub = try #require(IPPrefix("10.5.0.0/16"))
        #expect(ten.contains(sub))
        #expect(!sub.contains(ten))
        #expect(ten.overlaps(sub) && sub.overlaps(ten))
        #expect(try !ten.overlaps(#require(IPPrefix("11.0.0.0/8"))))
        #expect(try !ten.overlaps(#require(IPPrefix("::/0"))))
        #expect(try #require(IPPrefix("::/0")).hostMask == .max)
        #expect(try #require(IPPrefix("10.1.2.3/8")).network == ten)
    }
}

@Suite struct SocketAddressTests {
    @Test(arguments: ["10.0.0.1:51820", "[fd00::1]:1", "[::]:0"])
    func roundTrips(text: String) throws {
        #expect(try #require(SocketAddress(text)).description == text)
    }

    @Test(arguments: ["10.0.0.1", "fd00::1:1", "[10.0.0.1]:1", "10.0.0.1:65536", "10.0.0.1:", "host:1", "[]:1", "[:1"])
    func refusesWhatIsNone(text: String) {
        #expect(SocketAddress(text) == nil)
    }
}
