import CLinux
import Glibc
import IPAddresses
import NIOPosix
import NetlinkCodec
import Testing

@testable import LinuxNetwork

@Suite(.enabled(if: Machine.hasNamespaces, "needs root: CAP_SYS_ADMIN for a network namespace, CAP_NET_ADMIN"))
struct KernelNetworkTests {
    private func prefix(_ text: String) throws -> IPPrefix { try #require(IPPrefix(text)) }

    @Test func createsChangesAndDeletesALink() async throws {
        try await withNetworkNamespace { network in
            #expect(try await network.link(named: "br7") == nil)
            let link = try await network.createLink(name: "br7", kind: "bridge")
            #expect(link.name == "br7" && link.kind == "bridge" && !link.isUp)
            try await network.setMTU(link.index, to: 1_280)
            try await network.setUp(link.index)
            let changed = try #require(try await network.link(named: "br7"))
            #expect(changed == Link(index: link.index, name: "br7", kind: "bridge", mtu: 1_280, isUp: true))
            #expect(try await network.links().contains(changed))
            try await network.setUp(link.index, false)
            #expect(try await network.link(named: "br7")?.isUp == false)
            try await network.deleteLink(link.index)
            try await network.deleteLink(link.index)
            #expect(try await network.link(named: "br7") == nil)
        }
    }

    @Test func saysWhoHasTheName() async throws {
        try await withNetworkNamespace { network in
            _ = try await network.createLink(name: "weft0", kind: "bridge")
            do throws(LinuxNetworkError) {
                _ = try await network.createLink(name: "weft0", kind: "bridge")
                Issue.record("created twice")
            } catch {
                #expect(error.kind == .nameTaken(owner: "bridge"))
                #expect(error.description.contains("weft0: the name is taken by an interface of kind bridge"))
            }
            do throws(LinuxNetworkError) {
                _ = try await KernelWireGuardDevice.open(interface: "weft0", network: network)
                Issue.record("opened a bridge")
            } catch {
                #expect(error.kind == .nameTaken(owner: "bridge"))
            }
        }
    }

    @Test func refusesWhatTheKernelCannotDo() async throws {
        try await withNetworkNamespace { network in
            do throws(LinuxNetworkError) {
                _ = try await network.createLink(name: "weft0", kind: "nosuchkind")
                Issue.record("created")
            } catch {
                #expect(error.kind == .notSupported)
                #expect(error.kernelText == "Unknown device type")
            }
            await #expect(throws: LinuxNetworkError.self) { try await network.createWireGuardLink(name: "a/b") }
            await #expect(throws: LinuxNetworkError.self) { try await network.setMTU(InterfaceIndex(rawValue: 9_999), to: 1_400) }
        }
    }

    @Test func addsAndRemovesAddressesAndRoutes() async throws {
        try await withNetworkNamespace { network in
            let link = try await network.createLink(name: "br7", kind: "bridge")
            try await network.setUp(link.index)
            let (four, six) = (try prefix("10.77.0.1/24"), try prefix("fd77::1/64"))
            for _ in 0..<2 { for address in [four, six] { try await network.addAddress(address, to: link.index) } }
            let own = try await network.addresses().filter { $0.interface == link.index && $0.scope == .universe }
            #expect(own.map(\.prefix) == [four, six])
            #expect(own.allSatisfy { $0.isPermanent && !$0.isTentative && !$0.isDeprecated && !$0.isTemporary })
            let far = [try prefix("10.78.0.0/16"), try prefix("fd78::/48")]
            for _ in 0..<2 { for route in far { try await network.addRoute(to: route, over: link.index) } }
            var routes = try await network.routes().filter { $0.interface == link.index }
            #expect(Set(routes.map(\.prefix)).isSuperset(of: far + [four.network, six.network]))
            for _ in 0..<2 { for route in far { try await network.removeRoute(to: route, over: link.index) } }
            for _ in 0..<2 { for address in [four, six] { try await network.removeAddress(address, from: link.index) } }
            routes = try await network.routes().filter { $0.interface == link.index && !$0.prefix.address.isLinkLocal }
            #expect(routes.isEmpty)
            #expect(try await network.addresses().allSatisfy { $0.interface != link.index || $0.prefix.address.isLinkLocal })
        }
    }

    @Test func doesNotTakeOverRoutes() async throws {
        try await withNetworkNamespace { network in
            let first = try await network.createLink(name: "br1", kind: "bridge")
            let second = try await network.createLink(name: "br2", kind: "bridge")
            for link in [first, second] { try await network.setUp(link.index) }
            try await network.addRoute(to: try prefix("10.9.0.0/16"), over: first.index)
            do throws(LinuxNetworkError) {
                try await network.addRoute(
                    to: IPPrefix("10.9.0.0/16") ?? IPPrefix(host: IPAddress(family: .ipv4, value: 0)), over: second.index)
                Issue.record("took over")
            } catch {
                #expect(error.kind == .alreadyExists)
            }
        }
    }

    @Test func tellsThePathMTU() async throws {
        try await withNetworkNamespace { network in
            let destination = try #require(SocketAddress("10.77.0.9:51820"))
            #expect(await network.pathMTU(to: destination) == nil)
            let link = try await network.createLink(name: "br7", kind: "bridge")
            try await network.setMTU(link.index, to: 1_333)
            try await network.setUp(link.index)
            try await network.addAddress(try prefix("10.77.0.1/24"), to: link.index)
            try await network.addAddress(try prefix("fd77::1/64"), to: link.index)
            #expect(await network.pathMTU(to: destination) == 1_333)
            #expect(await network.pathMTU(to: try #require(SocketAddress("[fd77::9]:51820"))) == 1_333)
        }
    }

    @Test func readsDumpsOfManyDatagrams() async throws {
        try await withNetworkNamespace { network in
            let link = try await network.createLink(name: "br7", kind: "bridge")
            try await network.setUp(link.index)
            for number in 0..<2_000 {
                let address = IPAddress(family: .ipv4, value: 0x0a4d_0000 + UInt128(number))
                try await network.addRoute(to: IPPrefix(host: address), over: link.index)
            }
            #expect(try await network.routes().count { $0.interface == link.index && $0.prefix.length == 32 } == 2_000)
        }
    }

    @Test func boundsAnswers() async throws {
        try await withNetworkNamespace { network in
            let none = KernelNetwork(on: network.eventLoop, limits: NetlinkLimits(dumpAttempts: 0))
            let one = KernelNetwork(on: network.eventLoop, limits: NetlinkLimits(datagramsPerAnswer: 1))
            for bounded in [none, one] {
                do throws(LinuxNetworkError) {
                    _ = try await bounded.links()
                    Issue.record("not bounded")
                } catch {
                    #expect(error.kind == .overflow)
                }
            }
            // After that the socket is a fresh one.
            try await one.setUp(InterfaceIndex(rawValue: 1))
        }
    }
}

@Suite(.enabled(if: !weft_has_capability(CAP_NET_ADMIN), "needs a process without CAP_NET_ADMIN"))
struct UnprivilegedTests {
    @Test func tellsWhatIsMissing() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let network = KernelNetwork(on: group.next())
        do throws(LinuxNetworkError) {
            _ = try await network.createWireGuardLink(name: "weft0")
            Issue.record("created")
        } catch {
            #expect(error.kind == .permissionDenied)
            #expect(error.description.contains("CAP_NET_ADMIN"))
        }
        #expect(try await network.links().contains { $0.name == "lo" })
        _ = try await network.isWireGuardSupported()
        try await group.shutdownGracefully()
    }
}
