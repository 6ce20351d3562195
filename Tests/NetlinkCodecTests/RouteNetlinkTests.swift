import IPAddresses
import NetlinkCodec
import Testing

@Suite struct RouteNetlinkTests {
    private let lo = InterfaceIndex(rawValue: 1)
    private let two = InterfaceIndex(rawValue: 2)

    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }
    private func prefix(_ text: String) throws -> IPPrefix { try #require(IPPrefix(text)) }

    @Test func readsALink() throws {
        let message = try #require(try NetlinkMessage.parse(Golden.wireGuardLink).first)
        #expect(try Link(message) == Link(index: two, name: "weft0", kind: "wireguard", mtu: 1420, isUp: true))
        #expect(try NetworkEvent(message) == .linkChanged(name: "weft0", index: two, gone: false))
    }

    @Test func readsAddresses() throws {
        let found = try (NetlinkMessage.parse(Golden.addresses4) + NetlinkMessage.parse(Golden.addresses6)).compactMap {
            try InterfaceAddress($0)
        }
        #expect(
            found == [
                InterfaceAddress(interface: lo, prefix: try prefix("127.0.0.1/8"), scope: .host),
                InterfaceAddress(interface: two, prefix: try prefix("10.7.0.1/24")),
                InterfaceAddress(interface: two, prefix: try prefix("fd00:7::1/64")),
                InterfaceAddress(interface: two, prefix: try prefix("fe80::9c23:aeff:fe68:6b38/64"), scope: .link, isTentative: true),
            ])
        #expect(NetworkEvent.parse(Golden.addresses6[...]) == [.addressChanged(two)])
    }

    @Test func passesOverOtherTables() throws {
        var local = Golden.routes4
        // rtm_table and RTA_TABLE of the first route
        for offset in [20, 32] {
            #expect(local[offset] == 254)
            local[offset] = 255
        }
        #expect(try NetlinkMessage.parse(local).prefix(1).flatMap { try Route.parse($0) } == [])
        #expect(try NetlinkMessage.parse(local).flatMap { try Route.parse($0) }.count == 2)
    }

    @Test func readsRoutes() throws {
        let found = try (NetlinkMessage.parse(Golden.routes4) + NetlinkMessage.parse(Golden.routes6)).flatMap { try Route.parse($0) }
        #expect(
            found == [
                Route(prefix: try prefix("10.7.0.0/24"), interface: two, origin: 2),
                Route(prefix: try prefix("10.8.0.0/16"), interface: two, gateway: try address("10.7.0.2"), origin: 3),
                Route(prefix: try prefix("10.8.0.0/16"), interface: two, gateway: try address("10.7.0.3"), origin: 3),
                Route(prefix: try prefix("fd00:8::/64"), interface: two, gateway: try address("fd00:7::2"), metric: 77, origin: 3),
                Route(prefix: try prefix("::/0"), interface: two, gateway: try address("fd00:7::9"), metric: 1024, origin: 3),
            ])
        #expect(found.map(\.isDefault) == [false, false, false, false, true])
        #expect(NetworkEvent.parse(Golden.routes6[...]) == [.routesChanged])
    }

    @Test func createsALink() {
        let expected = hex(
            """
            40000000 1000 0506 09000000 2a000000   # length 64, RTM_NEWLINK, REQUEST ACK EXCL CREATE, sequence 9, port id 42
            00000000 00000000 00000000 00000000    # struct ifinfomsg
            0a00 0300 776566743000 0000            # IFLA_IFNAME "weft0"
            1400 1280                              # IFLA_LINKINFO, nested
              0e00 0100 77697265677561726400 0000  #   IFLA_INFO_KIND "wireguard"
            """)
        #expect(Link.createRequest(name: "weft0").encoded(sequence: 9, portID: 42) == expected)
    }

    @Test func changesALink() {
        #expect(
            Link.setMTURequest(two, mtu: 1420).encoded(sequence: 1, portID: 2)
                == hex("28000000 1000 0500 01000000 02000000 00000000 02000000 00000000 00000000 0800 0400 8c050000"))
        #expect(
            Link.setUpRequest(two, isUp: true).encoded(sequence: 1, portID: 2)
                == hex("20000000 1000 0500 01000000 02000000 00000000 02000000 01000000 01000000"))
        #expect(
            Link.deleteRequest(two).encoded(sequence: 1, portID: 2)
                == hex("20000000 1100 0500 01000000 02000000 00000000 02000000 00000000 00000000"))
    }

    @Test func addsAddressesAndRoutes() throws {
        #expect(
            InterfaceAddress.addRequest(try prefix("10.7.0.1/24"), to: two).encoded(sequence: 1, portID: 2)
                == hex("28000000 1400 0506 01000000 02000000 02 18 00 00 02000000 0800 0200 0a070001 0800 0100 0a070001"))
        #expect(
            Route.addRequest(Route(prefix: try prefix("10.7.0.0/24"), interface: two)).encoded(sequence: 1, portID: 2)
                == hex("2c000000 1800 0506 01000000 02000000 02 18 00 00 fe 04 fd 01 00000000 0800 0100 0a070000 0800 0400 02000000"))
        #expect(
            Route.removeRequest(Route(prefix: try prefix("fd00::/64"), interface: two)).encoded(sequence: 1, portID: 2)
                == hex(
                    """
                    38000000 1900 0500 01000000 02000000 0a 40 00 00 fe 00 ff 01 00000000
                    1400 0100 fd000000000000000000000000000000 0800 0400 02000000
                    """))
    }

    @Test(arguments: ["weft0", "a", "fifteen-letters", "eth0.10"])
    func acceptsNames(_ name: String) { #expect(Link.isValidName(name)) }

    @Test(arguments: ["", ".", "..", "sixteen-letters1", "a/b", "a b", "a:b", "wéft", "a\u{0}"])
    func refusesNames(_ name: String) { #expect(!Link.isValidName(name)) }

    @Test func refusesBrokenDatagrams() {
        #expect(NetworkEvent.parse([1, 2, 3]) == [.overflow])
        var short = Golden.wireGuardLink
        short[32] = 3
        #expect(throws: NetlinkCodecError.badLength) { try NetlinkMessage.parse(short).forEach { _ = try Link($0) } }
    }
}
