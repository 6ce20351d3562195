import IPAddresses
import NetlinkCodec
import Testing

@testable import WeftDaemon

@Suite struct LocalSurroundingsTests {
    private static let ethernet = InterfaceIndex(rawValue: 2)
    private static let mesh = InterfaceIndex(rawValue: 9)

    private func surroundings(
        _ addresses: [InterfaceAddress] = [], routes: [Route] = [], links: [Link] = [], overlay: [IPPrefix] = []
    ) -> LocalSurroundings {
        LocalSurroundings(links: links, addresses: addresses, routes: routes, ownInterface: Self.mesh, overlay: overlay)
    }

    private func address(_ text: String, on interface: InterfaceIndex = ethernet) throws -> InterfaceAddress {
        InterfaceAddress(interface: interface, prefix: try prefix(text))
    }

    private func route(_ text: String, over interface: InterfaceIndex? = ethernet) throws -> Route {
        Route(prefix: try prefix(text), interface: interface)
    }

    @Test func onlyAddressesThatOthersCanUseAreTold() throws {
        let here = try ["127.0.0.1/8", "::1/128", "169.254.3.4/16", "fe80::1/64", "192.0.2.7/24", "2001:db8::7/64"].map { try address($0) }
        #expect(surroundings(here).reachableAddresses.map(\.description) == ["192.0.2.7", "2001:db8::7"])
    }

    @Test func theMeshsOwnAddressesAreNoSurroundings() throws {
        let here = [try address("10.7.0.1/16", on: Self.mesh), try address("192.0.2.7/24")]
        let found = surroundings(here, routes: [try route("10.7.0.0/16", over: Self.mesh)])
        #expect(found.reachableAddresses.map(\.description) == ["192.0.2.7"])
        #expect(found.routedNetworks == [try prefix("192.0.2.0/24")])
        #expect(!found.hasIPv4Route)
    }

    @Test func overlayAddressesElsewhereAreNoEndpoints() throws {
        let here = [try address("10.7.0.1/16"), try address("192.0.2.7/24")]
        #expect(surroundings(here, overlay: [try prefix("10.7.0.0/16")]).reachableAddresses.map(\.description) == ["192.0.2.7"])
    }

    @Test func addressesThatWillSoonBeGoneComeLast() throws {
        var temporary = try address("2001:db8::a/64")
        temporary.isTemporary = true
        var deprecated = try address("2001:db8::b/64")
        deprecated.isDeprecated = true
        var tentative = try address("2001:db8::c/64")
        tentative.isTentative = true
        let found = surroundings([temporary, deprecated, tentative, try address("2001:db8::d/64")]).reachableAddresses
        #expect(found.map(\.description) == ["2001:db8::d", "2001:db8::a", "2001:db8::b", "2001:db8::c"])
    }

    @Test func anAddressIsToldOnce() throws {
        let twice = [try address("192.0.2.7/24"), try address("192.0.2.7/24", on: InterfaceIndex(rawValue: 3))]
        #expect(surroundings(twice).reachableAddresses.count == 1)
        #expect(surroundings(twice).attachedNetworks == [try prefix("192.0.2.0/24")])
    }

    @Test func aSingleAddressIsNoNetwork() throws {
        #expect(surroundings([try address("192.0.2.7/32")]).attachedNetworks.isEmpty)
    }

    @Test func routesByFamily() throws {
        #expect(!surroundings().hasIPv4Route && !surroundings().hasGlobalIPv6Route)
        #expect(surroundings(routes: [try route("0.0.0.0/0")]).hasIPv4Route)
        #expect(!surroundings(routes: [try route("0.0.0.0/0")]).hasGlobalIPv6Route)
        for text in ["::/0", "2000::/3", "2001:db8::/32"] {
            #expect(surroundings(routes: [try route(text)]).hasGlobalIPv6Route, "\(text)")
        }
        for text in ["fe80::/64", "fd00::/8"] {
            #expect(!surroundings(routes: [try route(text)]).hasGlobalIPv6Route, "\(text)")
        }
    }

    @Test func theDefaultRouteIsNoRoutedNetwork() throws {
        let routes = try ["0.0.0.0/0", "::/0", "172.16.0.0/12", "fe80::/64", "ff00::/8", "169.254.0.0/16"].map { try route($0) }
        #expect(surroundings(routes: routes).routedNetworks == [try prefix("172.16.0.0/12")])
    }

    @Test(arguments: [(1500, 1420), (1280, 1280), (1300, 1280), (9000, 8920), (65_536, 8920), (0, 1280)])
    func theMTUFitsTheWay(underlay: Int, overlay: Int) throws {
        let link = Link(index: Self.ethernet, name: "eth0", mtu: UInt32(underlay), isUp: true)
        #expect(surroundings([try address("192.0.2.7/24")], links: [link]).overlayMTU == overlay)
    }

    @Test func theSmallestLinkThatLeadsOutSaysTheMTU() throws {
        let links = [
            Link(index: InterfaceIndex(rawValue: 1), name: "lo", mtu: 1000, isUp: true),
            Link(index: Self.ethernet, name: "eth0", mtu: 9000, isUp: true),
            Link(index: InterfaceIndex(rawValue: 3), name: "ppp0", mtu: 1492, isUp: true),
            Link(index: InterfaceIndex(rawValue: 4), name: "unused", mtu: 1300, isUp: true),
            Link(index: Self.mesh, name: "weft0", mtu: 1320, isUp: true),
        ]
        let addresses = [
            try address("127.0.0.1/8", on: InterfaceIndex(rawValue: 1)), try address("192.0.2.7/24"),
            try address("198.51.100.7/32", on: InterfaceIndex(rawValue: 3)),
            try address("10.7.0.1/16", on: Self.mesh),
        ]
        #expect(surroundings(addresses, links: links).overlayMTU == 1412)
    }

    @Test func withoutAnyLinkTheUsualMTUHolds() {
        #expect(surroundings().overlayMTU == 1420)
    }
}
