import Foundation

/// A router between a home and the world: `miniupnpd` on its home side, a host at home, and one outside.
package final class HomeNetwork {
    /// How a host may ask the router to forward a port to it.
    package enum Way: Hashable, Sendable {
        case pcp
        case natPMP
        case upnp
    }

    package static let routerAddress = "192.168.1.1"
    package static let homeAddress = "192.168.1.7"
    package static let neighbourAddress = "192.168.1.8"
    package static let homeLink = "lan0"

    package let laboratory: Laboratory
    package let router: LabHost
    package let home: LabHost
    /// Another host at home, at `neighbourAddress`.
    package let neighbour: LabHost
    package let outside: LabHost
    private var daemon: LabProcess?
    private var starts = 0

    /// Makes it, lets `body` work in it and takes it down.
    package static func with(_ ways: Set<Way>, _ body: (HomeNetwork) async throws -> Void) async throws {
        try await Laboratory.with { laboratory in
            let network = try HomeNetwork(laboratory)
            try network.allow(ways)
            try network.startDaemon(ways)
            try await network.waitForDaemon(ways)
            try await body(network)
        }
    }

    private init(_ laboratory: Laboratory) throws {
        self.laboratory = laboratory
        let hosts = try laboratory.addHosts(["router", "home", "neighbour", "outside"])
        (router, home, neighbour, outside) = (hosts[0], hosts[1], hosts[2], hosts[3])
        try router.ip(["link", "add", Self.homeLink, "type", "bridge"])
        try router.ip(["address", "add", "\(Self.routerAddress)/24", "dev", Self.homeLink])
        try router.ip(["link", "set", Self.homeLink, "up"])
        for (host, own) in [(home, Self.homeAddress), (neighbour, Self.neighbourAddress)] {
            try host.ip(["link", "set", LabHost.link, "down"])
            try router.ip(["link", "add", "to-\(host.name)", "type", "veth", "peer", "name", Self.homeLink, "netns", host.namespace])
            try router.ip(["link", "set", "to-\(host.name)", "master", Self.homeLink, "up"])
            try host.ip(["address", "add", "\(own)/24", "dev", Self.homeLink])
            try host.ip(["link", "set", Self.homeLink, "up"])
            try host.ip(["route", "add", "default", "via", Self.routerAddress])
        }
        try router.run(["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"])
        try load(
            """
            table inet filter {
                chain forward {
                    type filter hook forward priority 0; policy drop;
                    ct state established,related accept
                    iifname "\(Self.homeLink)" accept
                    jump miniupnpd
                }
                chain miniupnpd {}
                chain prerouting { type nat hook prerouting priority -100; jump prerouting_miniupnpd; }
                chain postrouting {
                    type nat hook postrouting priority 100;
                    jump postrouting_miniupnpd
                    oifname "\(LabHost.link)" masquerade
                }
                chain prerouting_miniupnpd {}
                chain postrouting_miniupnpd {}
            }
            """)
    }

    private func load(_ rules: String) throws {
        let file = "\(laboratory.directory)/rules.nft"
        try rules.write(toFile: file, atomically: false, encoding: .utf8)
        try router.run(["nft", "-f", file])
    }

    /// `miniupnpd` speaks PCP and NAT-PMP or neither: one of them is kept from it by the first byte, which is the version.
    private func allow(_ ways: Set<Way>) throws {
        var drops: [String] = []
        if !ways.contains(.pcp) { drops.append("iifname \"\(Self.homeLink)\" udp dport 5351 @th,64,8 2 drop") }
        if !ways.contains(.natPMP) { drops.append("iifname \"\(Self.homeLink)\" udp dport 5351 @th,64,8 0 drop") }
        guard ways.contains(.pcp) || ways.contains(.natPMP) else { return }
        try load("table inet versions { chain input { type filter hook input priority 0;\n\(drops.joined(separator: "\n"))\n}\n}")
    }

    package func startDaemon(_ ways: Set<Way>) throws {
        let speaksPMP = ways.contains(.pcp) || ways.contains(.natPMP)
        let configuration = """
            ext_ifname=\(LabHost.link)
            listening_ip=\(Self.homeLink)
            http_port=0
            enable_natpmp=\(speaksPMP ? "yes" : "no")
            enable_upnp=\(ways.contains(.upnp) ? "yes" : "no")
            secure_mode=yes
            system_uptime=no
            notify_interval=900
            uuid=fc4ec57e-b051-11db-88f8-0060085db3f6
            allow 1024-65535 192.168.1.0/24 1024-65535
            deny 0-65535 0.0.0.0/0 0-65535

            """
        starts += 1
        let file = "\(laboratory.directory)/miniupnpd.conf"
        try configuration.write(toFile: file, atomically: false, encoding: .utf8)
        daemon = try laboratory.start(
            ["miniupnpd", "-d", "-f", file, "-P", "\(laboratory.directory)/miniupnpd.pid"], on: router, log: "miniupnpd-\(starts)")
    }

    /// Until it takes requests.
    private func waitForDaemon(_ ways: Set<Way>) async throws {
        // Port 5351, or 1900 for UPnP alone, as /proc has it.
        let port = ways == [.upnp] ? ":076C " : ":14E7 "
        try await eventually("miniupnpd", within: .seconds(20)) { try router.run(["cat", "/proc/net/udp"]).contains(port) }
    }

    /// With all that it has made, as when a router is switched off.
    package func stopDaemon() throws {
        guard daemon?.terminate(waitingAtMost: .seconds(10)) != nil else { throw LaboratoryError("miniupnpd does not end") }
        for chain in ["miniupnpd", "prerouting_miniupnpd", "postrouting_miniupnpd"] {
            try router.run(["nft", "flush", "chain", "inet", "filter", chain])
        }
    }

    /// How many datagrams and connections the router itself has taken, as proc_pid_net(5) has it.
    package var requests: Int {
        get throws {
            func field(_ name: String, of kind: String) throws -> Int {
                let rows = try router.run(["cat", "/proc/net/snmp"]).split(separator: "\n").filter { $0.hasPrefix("\(kind):") }
                    .map { $0.split(separator: " ") }
                guard let column = rows.first?.firstIndex(where: { $0 == name }), let count = Int(rows[1][column]) else {
                    throw LaboratoryError("no \(kind) \(name) in /proc/net/snmp")
                }
                return count
            }
            return try field("InDatagrams", of: "Udp") + field("PassiveOpens", of: "Tcp")
        }
    }

    /// What the router forwards, in words of nft(8).
    package var rules: String {
        get throws { try router.run(["nft", "list", "chain", "inet", "filter", "prerouting_miniupnpd"]) }
    }

    package static let requirement: String? = {
        if let reason = Requirements.laboratory { return reason }
        for tool in ["miniupnpd", "nft"] where Tools.find(tool) == nil { return "needs \(tool)" }
        return nil
    }()
}
