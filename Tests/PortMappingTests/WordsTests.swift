import PortMapping
import Testing

@Suite struct WordsTests {
    @Test(arguments: [
        ("5.5.5.7", true), ("100.63.255.255", true), ("100.64.0.1", false), ("100.127.255.255", false), ("100.128.0.0", true),
        ("10.0.0.1", false), ("172.16.0.1", false), ("172.32.0.1", true), ("192.168.1.1", false), ("192.0.0.8", false),
        ("169.254.1.1", false),
        ("0.0.0.0", false), ("255.255.255.255", false), ("239.1.1.1", false), ("2005:5:5::1", true), ("2001:db8::1", false),
        ("fd00::1", false), ("fe80::1", false), ("ff02::1", false), ("::1", false),
    ])
    func whatIsPublicIsKnown(text: String, isPublic: Bool) throws {
        let port = MappedPort(
            local: try tcp(1), external: .init(address(text), port: 1), router: try home(), way: .pcp, lifetimeSeconds: 1)
        #expect(port.isPublic == isPublic)
    }

    @Test func aPortIsNotZero() {
        #expect(LocalPort(.tcp, 0) == nil)
    }

    @Test(arguments: [
        ("192.168.1.1", "fe80::1"), ("0.0.0.0", "192.168.1.7"), ("192.168.1.1", "0.0.0.0"), ("224.0.0.1", "192.168.1.7"),
        ("127.0.0.1", "192.168.1.7"), ("192.168.1.7", "192.168.1.7"),
    ])
    func aRouterIsAnotherMachineOfOurFamily(router: String, own: String) {
        #expect(Router(address(router), ownAddress: address(own)) == nil)
    }

    @Test func aSecretIsLongEnoughAndNotPrinted() throws {
        #expect(PortMappingIdentity(secret: [UInt8](repeating: 7, count: 15), name: "a") == nil)
        let identity = try #require(PortMappingIdentity(secret: [UInt8](repeating: 7, count: 16), name: "a"))
        #expect("\(identity)" == "(secret)")
    }
}
