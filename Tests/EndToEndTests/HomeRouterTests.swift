import Foundation
import IPAddresses
import Mesh
import Multiformats
import Testing
import WeftLaboratory

extension EndToEnd {
    /// A node at home, behind a router that translates addresses and takes wishes for ports.
    @Suite(.serialized, .enabled(if: HomeNetwork.requirement == nil, "\(HomeNetwork.requirement ?? "")"))
    struct HomeRouterTests {
        @Test(arguments: [HomeNetwork.Way.pcp, .upnp]) func aNodeAtHomeIsReachedFromOutside(way: HomeNetwork.Way) async throws {
            try await HomeNetwork.with([way]) { network in
                var settings = Node.Settings.withoutInterface
                settings.clusterKey = EndToEnd.randomKey()
                settings.mapsPorts = true
                let home = try Node("home", on: network.home, in: network.laboratory, settings: settings)
                let mapped = try #require(SocketAddress("\(network.router.ipv4):10042"))
                try await eventually("it tells others of the router's address", within: .seconds(10), details: { home.log }) {
                    (try? JoinToken(home.token()))?.bootstrap.first?.addresses.contains(Multiaddr(tcp: mapped)) == true
                }
                settings.mapsPorts = false
                settings.join = "\(mapped)"
                let outside = try Node("outside", on: network.outside, in: network.laboratory, settings: settings)
                try await outside.waitUntil("is connected with the node at home", within: .seconds(10)) {
                    $0.member("home")?.state == .connected
                }
                #expect(try network.rules.contains("10042"))
                #expect(home.process.terminate(waitingAtMost: .seconds(5)) == .exited(0))
                #expect(try !network.rules.contains("10042"))
            }
        }
    }
}
