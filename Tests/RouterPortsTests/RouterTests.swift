import IPAddresses
import PortMapping
import RouterPorts
import Testing
import WeftLaboratory

/// Against a real router, `miniupnpd`, by each of the three protocols.
@Suite(.serialized, .enabled(if: HomeNetwork.requirement == nil, "\(HomeNetwork.requirement ?? "")"))
struct RouterTests {
    private func ports() throws -> [LocalPort] { [try #require(LocalPort(.tcp, 10042)), try #require(LocalPort(.udp, 10042))] }

    private func gateway(of own: String = HomeNetwork.homeAddress) throws -> Router {
        let addresses = [HomeNetwork.routerAddress, own].compactMap { IPAddress($0) }
        return try #require(Router(addresses[0], ownAddress: addresses[1]))
    }

    /// So fast that a test sees it.
    private var hasty: PortMappingConfiguration {
        var configuration = PortMappingConfiguration()
        (configuration.minimumRenewal, configuration.maximumRenewal) = (.milliseconds(500), .milliseconds(500))
        (configuration.minimumBackoff, configuration.maximumBackoff) = (.milliseconds(500), .milliseconds(500))
        configuration.minimumRest = .milliseconds(100)
        return configuration
    }

    /// In its own time once something is mapped.
    private var calm: PortMappingConfiguration {
        var configuration = hasty
        configuration.minimumRenewal = .seconds(1000)
        configuration.maximumRenewal = .seconds(3600)
        return configuration
    }

    private func waitForMappings(_ log: MappingLog) async throws -> [MappedPort] {
        try await eventually("two mappings", within: .seconds(20), details: { "\(log.notes)" }) {
            log.mappings.count == 2 ? log.mappings : nil
        }
    }

    private func waitUntilReachable(_ address: SocketAddress, from outside: HostLoop, as name: String = "home") async throws {
        try await eventually("\(address) from outside", within: .seconds(20)) { await outside.hear(address) == name }
    }

    @Test(arguments: MappingWay.allCases) func aMappingLivesAndEnds(way: MappingWay) async throws {
        try await HomeNetwork.with([.init(way)]) { network in
            let home = try await HostLoop(on: network.home)
            let outside = try await HostLoop(on: network.outside)
            try await home.greet(as: "home", at: 10042)
            let log = MappingLog()
            let mapper = try #require(log.mapper(on: home, hasty))
            await mapper.want(ports: try ports(), routers: [try gateway()])
            let mappings = try await waitForMappings(log)
            #expect(mappings.allSatisfy { $0.way == way && $0.isPublic && $0.external.address.description == network.router.ipv4 })
            #expect(mappings.map(\.local) == (try ports()))
            try await waitUntilReachable(mappings[0].external, from: outside)

            let requests = try network.requests
            try await eventually("renewals", within: .seconds(20)) { try network.requests > requests + 6 }
            #expect(log.mappings == mappings)
            #expect(try network.rules.split(separator: "\n").filter { $0.contains("10042") }.count == 2)
            #expect(await outside.hear(mappings[0].external) == "home")

            // What a router forgets comes back.
            try network.stopDaemon()
            #expect(await outside.hear(mappings[0].external) == nil)
            try network.startDaemon([.init(way)])
            try await waitUntilReachable(mappings[0].external, from: outside)
            #expect(try await waitForMappings(log).map(\.external) == mappings.map(\.external))

            let time = await ContinuousClock().measure { await mapper.stop() }
            #expect(time < Slowness.allow(.milliseconds(1500)))
            #expect(log.mappings.isEmpty)
            let rules = try network.rules
            #expect(!rules.contains("10042"))
            #expect(await outside.hear(mappings[0].external) == nil)
            try await home.end()
            try await outside.end()
        }
    }

    /// Killed, and started again: it has what it had. What its router made for it is not in its own way.
    @Test(arguments: MappingWay.allCases) func aCrashIsSurvived(way: MappingWay) async throws {
        try await HomeNetwork.with([.init(way)]) { network in
            let outside = try await HostLoop(on: network.outside)
            var seen: [[SocketAddress]] = []
            for life in 1...2 {
                let home = try await HostLoop(on: network.home)
                try await home.greet(as: "life \(life)", at: 10042)
                let log = MappingLog()
                let mapper = try #require(log.mapper(on: home, calm))
                await mapper.want(ports: try ports(), routers: [try gateway()])
                let mappings = try await waitForMappings(log)
                seen.append(mappings.map(\.external))
                try await waitUntilReachable(mappings[0].external, from: outside, as: "life \(life)")
                try await home.end()
            }
            #expect(seen[0] == seen[1])
            #expect(try network.rules.split(separator: "\n").filter { $0.contains("10042") }.count == 2)
            try await outside.end()
        }
    }

    @Test(arguments: MappingWay.allCases) func twoNodesAtHomeGetAPortEach(way: MappingWay) async throws {
        try await HomeNetwork.with([.init(way)]) { network in
            let outside = try await HostLoop(on: network.outside)
            let hosts = [(network.home, HomeNetwork.homeAddress), (network.neighbour, HomeNetwork.neighbourAddress)]
            var mappers: [PortMapper] = []
            var loops: [HostLoop] = []
            var externals: [SocketAddress] = []
            for (index, (host, own)) in hosts.enumerated() {
                let loop = try await HostLoop(on: host)
                try await loop.greet(as: host.name, at: 10042)
                let log = MappingLog()
                let mapper = try #require(log.mapper(on: loop, secret: UInt8(index), calm))
                await mapper.want(ports: try ports(), routers: [try gateway(of: own)])
                let external = try await waitForMappings(log)[0].external
                try await waitUntilReachable(external, from: outside, as: host.name)
                mappers.append(mapper)
                loops.append(loop)
                externals.append(external)
            }
            #expect(externals[0].port == 10042)
            #expect(externals[1].port != 10042)
            // One leaves, and takes nothing of the other's with it.
            await mappers[1].stop()
            #expect(await outside.hear(externals[1]) == nil)
            #expect(await outside.hear(externals[0]) == "home")
            await mappers[0].stop()
            for loop in loops + [outside] { try await loop.end() }
        }
    }

    /// `miniupnpd` announces that it has started: nobody waits for a renewal then.
    @Test(arguments: [MappingWay.pcp, .natPMP]) func aRestartIsHeard(way: MappingWay) async throws {
        try await HomeNetwork.with([.init(way)]) { network in
            let home = try await HostLoop(on: network.home)
            let outside = try await HostLoop(on: network.outside)
            try await home.greet(as: "home", at: 10042)
            let log = MappingLog()
            let mapper = try #require(log.mapper(on: home, calm))
            await mapper.want(ports: try ports(), routers: [try gateway()])
            let mappings = try await waitForMappings(log)
            log.skip(.seconds(60))
            try network.stopDaemon()
            #expect(await outside.hear(mappings[0].external) == nil)
            try network.startDaemon([.init(way)])
            try await waitUntilReachable(mappings[0].external, from: outside)
            #expect(log.notes.contains(.restarted(try gateway())))
            await mapper.stop()
            try await home.end()
            try await outside.end()
        }
    }

    /// No protocol is excluded: the best one is taken, at once.
    @Test func theBestProtocolIsTaken() async throws {
        try await HomeNetwork.with([.pcp, .natPMP, .upnp]) { network in
            let home = try await HostLoop(on: network.home)
            let log = MappingLog()
            let mapper = try #require(log.mapper(on: home, calm))
            await mapper.want(ports: try ports(), routers: [try gateway()])
            #expect(try await waitForMappings(log).map(\.way) == [.pcp, .pcp])
            #expect(log.notes == [.mapped(try gateway(), .pcp)])
            await mapper.stop()
            try await home.end()
        }
    }

    /// A router that is gone cannot hold up the end.
    @Test func theEndIsBounded() async throws {
        try await HomeNetwork.with([.pcp]) { network in
            let home = try await HostLoop(on: network.home)
            let log = MappingLog()
            let mapper = try #require(log.mapper(on: home, calm))
            await mapper.want(ports: try ports(), routers: [try gateway()])
            _ = try await waitForMappings(log)
            try network.router.ip(["link", "set", "to-home", "down"])
            let time = await ContinuousClock().measure { await mapper.stop() }
            #expect(time > .milliseconds(900) && time < Slowness.allow(.milliseconds(1500)))
            await mapper.stop()
            try await home.end()
        }
    }
}
