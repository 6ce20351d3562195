import IPAddresses
import Multiformats
import Testing
import WeftTestKit

@Suite struct MultiaddrTests {
    @Test(arguments: Vector.multiaddrs)
    func `text and bytes`(text: String, bytes: [UInt8]) throws {
        let address = try Multiaddr(text)
        #expect(address.bytes == bytes)
        #expect(address.description == text)
        #expect(try Multiaddr(bytes: bytes) == address)
    }

    @Test func `other spellings become canonical`() throws {
        let cid = try Multiaddr("/ip6/0:0:0:0::1/tcp/1/ipfs/\(Vector.peerIDCID)")
        #expect(cid.description == "/ip6/::1/tcp/1/p2p/\(Vector.peerIDBase58)")
    }

    @Test func `plain TCP addresses`() throws {
        let id = try PeerID(Vector.peerIDBase58)
        let socket = try #require(SocketAddress("[fd00::1]:10042"))
        #expect(Multiaddr(tcp: socket).description == "/ip6/fd00::1/tcp/10042")
        let full = Multiaddr(tcp: socket, peer: id)
        #expect(full.tcpSocketAddress == socket)
        #expect(full.peerID == id)
        #expect(full.withoutPeerID == Multiaddr(tcp: socket))
        #expect(Multiaddr(tcp: socket).withoutPeerID == Multiaddr(tcp: socket))
        #expect(Multiaddr(tcp: socket).peerID == nil)
        let mapped = try #require(SocketAddress("1.2.3.4:5"))
        #expect(Multiaddr(tcp: mapped).description == "/ip4/1.2.3.4/tcp/5")
    }

    @Test(arguments: [
        "/ip4/1.2.3.4/udp/5", "/ip4/1.2.3.4", "/tcp/5", "/dns4/a/tcp/1", "/ip4/1.2.3.4/tcp/5/ws", "/ip4/1.2.3.4/tcp/5/tcp/6",
        "/ip4/1.2.3.4/tcp/5/p2p/\(Vector.peerIDBase58)/p2p-circuit", "/p2p/\(Vector.peerIDBase58)",
    ])
    func `others are no plain TCP addresses`(text: String) throws {
        #expect(try Multiaddr(text).tcpSocketAddress == nil)
    }

    @Test(
        arguments: [
            ("", .empty), ("ip4/1.2.3.4", .malformed), ("/", .unknownProtocolName("")), ("/ip4/1.2.3.4/", .unknownProtocolName("")),
            ("/ip4", .invalidValue(name: "ip4")), ("/ip4/::1", .invalidValue(name: "ip4")), ("/ip6/1.2.3.4", .invalidValue(name: "ip6")),
            ("/tcp/65536", .invalidValue(name: "tcp")), ("/tcp/01", .invalidValue(name: "tcp")), ("/tcp/+1", .invalidValue(name: "tcp")),
            ("/ipcidr/129", .invalidValue(name: "ipcidr")), ("/dns/", .invalidValue(name: "dns")), ("/dns/a b", .invalidValue(name: "dns")),
            ("/dns/ä", .invalidValue(name: "dns")), ("/p2p/1", .invalidValue(name: "p2p")), ("/unix", .invalidValue(name: "unix")),
            ("/onion3/x", .unknownProtocolName("onion3")),
        ] as [(String, MultiaddrError)])
    func `refuses text`(text: String, error: MultiaddrError) {
        #expect(throws: error) { try Multiaddr(text) }
    }

    @Test(
        arguments: [
            ("", .empty), ("04010203", .invalidValue(name: "ip4")), ("cf03", .unknownProtocol(463)), ("80", .malformed),
            ("8400", .malformed),
            ("350341", .invalidValue(name: "dns")), ("3500", .invalidValue(name: "dns")), ("3501ff", .invalidValue(name: "dns")),
            ("35012f", .invalidValue(name: "dns")), ("35010a", .invalidValue(name: "dns")), ("a503020001", .invalidValue(name: "p2p")),
            ("35ffffffffffffffff7f", .invalidValue(name: "dns")), ("2b81", .invalidValue(name: "ipcidr")),
            ("90030161", .invalidValue(name: "unix")), ("9003022f61dd03", .malformed),
        ] as [(String, MultiaddrError)])
    func `refuses bytes`(bytes: String, error: MultiaddrError) {
        #expect(throws: error) { try Multiaddr(bytes: hex(bytes)) }
    }

    @Test func `limits of text`() throws {
        for count in [513, 2049] { #expect(throws: MultiaddrError.tooLong) { try Multiaddr(String(repeating: "/ws", count: count)) } }
        let longest = "/dns/" + String(repeating: "a", count: Multiaddr.maximumNameLength)
        #expect(try Multiaddr(longest).description == longest)
        #expect(throws: MultiaddrError.invalidValue(name: "dns")) { try Multiaddr(longest + "a") }
    }

    @Test func `limit of bytes`() throws {
        let most = (0..<Multiaddr.maximumByteCount / 2).flatMap { _ in hex("dd03") }
        let address = try Multiaddr(bytes: most)
        #expect(try Multiaddr(address.description) == address)
        #expect(throws: MultiaddrError.tooLong) { try Multiaddr(bytes: most + hex("dd03")) }
        let circuits = Multiaddr(components: Array(repeating: .p2pCircuit, count: Multiaddr.maximumByteCount / 2))
        #expect(try Multiaddr(circuits.description) == circuits)
    }

    @Test func `a component of the wrong family still encodes`() throws {
        let v6 = try #require(IPAddress("::1"))
        #expect(Multiaddr(components: [.ip4(v6)]).bytes == hex("0400000001"))
    }
}
