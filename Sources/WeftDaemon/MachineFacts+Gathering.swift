import CLinux
import Diagnosis
import Glibc
import HostProcess
import IPAddresses
import LinuxNetwork
import LocalAPI
import LoopRuntime
import NetlinkCodec
import UserspaceWireGuard

extension MachineFacts {
    /// Looks at this machine. What cannot be seen stays unknown.
    ///
    /// - Parameter status: what the node says, or why it says nothing.
    package static func gather(
        _ settings: DaemonSettings, status: Result<StatusReport, LocalAPIError>, on executor: LoopExecutor
    ) async -> MachineFacts {
        var facts = MachineFacts()
        facts.interface = settings.interface
        facts.peeringPort = Int(settings.clusterPort)
        facts.wireguardPort = Int(settings.wireguardPort)
        facts.hasNetAdmin = Privileges.hasNetAdmin
        facts.userspacePrograms = UserspaceProgram.find(in: text("PATH") ?? "").map { [$0.kind.rawValue] } ?? []
        facts.hasTunDevice = access("/dev/net/tun", F_OK) == 0
        switch status {
        case .success(let report): facts.take(report)
        case .failure(let error): facts.silence = error.description
        }
        facts.takePorts(settings)
        await facts.takeNetwork(KernelNetwork(on: executor.eventLoop))
        let clock = weft_clock_state()
        facts.isClockSynchronized = clock < 0 ? nil : clock == 1
        facts.firewall = ruleset().map(Firewall.init(ruleset:)) ?? .unknown
        return facts
    }

    private mutating func take(_ report: StatusReport) {
        let members = report.members.filter { $0.state != .itself }.map {
            Member(
                name: $0.name, isConnected: $0.state == .connected, isUnreachable: $0.state == .unreachable,
                hasHandshake: $0.lastHandshakeSecondsAgo != nil, sentBytes: $0.sentBytes)
        }
        node = Node(
            name: report.node.name, problems: report.node.problems, overlay: report.node.overlay.compactMap { IPPrefix($0) },
            members: members, reachability: report.node.reachability.flatMap(MachineFacts.Reachability.init))
        peeringPort = report.node.peeringPort
        wireguardPort = report.node.wireguardPort
        interface = report.node.interface
        ownName = Self.look(up: "\(report.node.name).weft")
    }

    /// A node that runs has them itself.
    private mutating func takePorts(_ settings: DaemonSettings) {
        guard node == nil else { return }
        let everywhere = IPAddress(family: .ipv6, value: 0)
        isPeeringPortFree = PortProbe.isFree(SocketAddress(settings.bindAddress ?? everywhere, port: settings.clusterPort), .tcp)
        isWireGuardPortFree = PortProbe.isFree(SocketAddress(everywhere, port: settings.wireguardPort), .udp)
    }

    private mutating func takeNetwork(_ kernel: KernelNetwork) async {
        hasKernelWireGuard = try? await kernel.isWireGuardSupported()
        interfaceMTU = (try? await kernel.link(named: interface)).flatMap(\.self).map { Int($0.mtu) }
        guard let surroundings = try? await kernel.surroundings(interface: interface, overlay: nil) else { return }
        routedNetworks = surroundings.routedNetworks
        fittingMTU = surroundings.overlayMTU
    }

    private static func look(up name: String) -> Lookup {
        var list: UnsafeMutablePointer<addrinfo>?
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        guard getaddrinfo(name, nil, &hints, &list) == 0 else { return .notFound }
        defer { freeaddrinfo(list) }
        var addresses: [String] = []
        var next = list
        while let entry = next?.pointee {
            var host = [CChar](repeating: 0, count: 64)
            if getnameinfo(entry.ai_addr, entry.ai_addrlen, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST) == 0 {
                addresses.append(String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
            }
            next = entry.ai_next
        }
        return addresses.isEmpty ? .notFound : .found(addresses.uniqued())
    }

    /// What nft(8) prints; `nil` if it is not there, or may not read it.
    private static func ruleset() -> String? {
        guard Privileges.isRoot, let output = popen("PATH=/usr/sbin:/sbin:/usr/bin:/bin exec nft list ruleset 2>/dev/null", "re") else {
            return nil
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= Firewall.maximumRulesetBytes {
            let count = fread(&buffer, 1, buffer.count, output)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        let isWhole = bytes.count <= Firewall.maximumRulesetBytes
        return pclose(output) == 0 && isWhole ? String(decoding: bytes, as: UTF8.self) : nil
    }

    private static func text(_ variable: String) -> String? { getenv(variable).map { String(cString: $0) } }
}
