import IPAddresses

/// One thing that was looked at, and what to do about it.
package struct Finding: Hashable, Sendable {
    package enum Grade: String, Hashable, Sendable {
        case good
        /// Worth knowing; it may be as it should be.
        case remark
        /// Something does not work, or will not.
        case fault
    }

    package let grade: Grade
    package let subject: String
    package let text: String

    init(_ grade: Grade, _ subject: String, _ text: String) {
        self.grade = grade
        self.subject = subject
        self.text = text
    }
}

/// Judges what was seen: facts in, findings out.
package struct Examination {
    private let facts: MachineFacts

    package init(_ facts: MachineFacts) {
        self.facts = facts
    }

    package var findings: [Finding] {
        [wireguard, rights].compactMap(\.self) + node + ports + [firewall, reachability].compactMap(\.self) + members
            + [mtu, name].compactMap(\.self) + overlaps
            + [clock]
            .compactMap(\.self)
    }

    private var wireguard: Finding {
        if facts.hasKernelWireGuard == true { return Finding(.good, "WireGuard", "the kernel has it") }
        guard let program = facts.userspacePrograms.first else {
            return Finding(
                .fault, "WireGuard",
                "neither the kernel nor an installed program has it: `modprobe wireguard`, or on Debian `apt install wireguard-go`")
        }
        guard facts.hasTunDevice else {
            return Finding(
                .fault, "WireGuard",
                "\(program) needs /dev/net/tun, which is not there: `modprobe tun`; a container has to be given the device")
        }
        return Finding(.good, "WireGuard", "the kernel has none that this command can see; \(program) is installed")
    }

    /// Of a node that runs, others speak.
    private var rights: Finding? {
        guard facts.node == nil else { return nil }
        return facts.hasNetAdmin
            ? Finding(.good, "rights", "CAP_NET_ADMIN is there")
            : Finding(
                .remark, "rights",
                "this command runs without CAP_NET_ADMIN, which a node needs: start it with sudo, as a service, or `setcap cap_net_admin+ep`"
            )
    }

    private var node: [Finding] {
        guard let node = facts.node else { return [Finding(.remark, "node", facts.silence ?? "no node answers")] }
        let count = node.members.count
        let others = count == 1 ? "1 other member" : "\(count) other members"
        return [Finding(.good, "node", "\(node.name) answers, and knows \(others)")] + node.problems.map { Finding(.fault, "node", $0) }
    }

    private var ports: [Finding] {
        guard facts.node == nil else { return [] }
        let both = [
            (facts.isPeeringPortFree, "\(facts.peeringPort)/tcp", "ss -ltnp", "--cluster-port"),
            (facts.isWireGuardPortFree, "\(facts.wireguardPort)/udp", "ss -lunp", "--wireguard-port"),
        ]
        return both.map { isFree, port, command, flag in
            isFree
                ? Finding(.good, "ports", "\(port) is free")
                : Finding(
                    .fault, "ports", "another program uses \(port): `\(command)` shows which one; end it, or choose another with \(flag)")
        }
    }

    private var firewall: Finding {
        switch facts.firewall {
        case .unknown:
            return Finding(
                .remark, "firewall",
                "its rules could not be read (that takes root and nft): \(facts.peeringPort)/tcp and \(facts.wireguardPort)/udp have to be open"
            )
        case .open:
            return Finding(
                .good, "firewall", "this machine drops nothing that no rule names; what stands between machines is not seen from here")
        case .closed(let chain, let named):
            let missing = [(facts.peeringPort, "tcp"), (facts.wireguardPort, "udp")].filter { !named.contains($0.0) }
            guard !missing.isEmpty else {
                return Finding(.good, "firewall", "the chain \(chain) drops what no rule accepts, and rules name the ports")
            }
            let shown = missing.map { "\($0.0)/\($0.1)" }.joined(separator: " and ")
            return Finding(
                .fault, "firewall",
                "the chain \(chain) drops what no rule accepts, and no rule names \(shown): others cannot reach this node there")
        }
    }

    /// A node that cannot be dialled dials: alone that is no fault.
    private var reachability: Finding? {
        guard let node = facts.node, let reachability = node.reachability, !node.members.isEmpty else { return nil }
        let port = "\(facts.peeringPort)/tcp"
        switch reachability {
        case .reachable:
            return Finding(.good, "reach", "members outside of this network could connect to \(port)")
        case .unreachable:
            return Finding(
                .remark, "reach",
                "members outside of this network tried to connect to \(port), and could not. This node connects to them instead, so it needs some "
                    + "that can be reached. To be one: open \(port) in the firewalls of this machine and of its network; a router has to "
                    + "forward it, which the node asks for by itself where it can. It is tried again after a restart, and every few hours"
            )
        case .unknown:
            return Finding(
                .remark, "reach",
                "whether \(port) can be reached from outside of this network is not known: no connected member outside of it has tried yet")
        }
    }

    private var members: [Finding] {
        guard let node = facts.node, !node.members.isEmpty else { return [] }
        var findings: [Finding] = []
        if !node.members.contains(where: \.isConnected) {
            findings.append(
                Finding(
                    .fault, "members",
                    "connected with nobody, so nothing is heard of changes: is \(facts.peeringPort)/tcp open on others, or on this machine?"
                ))
        }
        let away = node.members.filter(\.isUnreachable).map(\.name)
        if !away.isEmpty {
            findings.append(
                Finding(
                    .remark, "members", "unreachable: \(Self.list(away)); `weft ping NAME` tells more, `weft forget NAME` lets go of it"))
        }
        let mute = node.members.filter { !$0.isUnreachable && !$0.hasHandshake && $0.sentBytes > 0 }.map(\.name)
        if !mute.isEmpty {
            findings.append(
                Finding(
                    .fault, "members",
                    "WireGuard has sent and never had an answer: \(Self.list(mute)); UDP is blocked on the way, `weft ping NAME` tells more"
                ))
        }
        if findings.isEmpty { findings.append(Finding(.good, "members", "none is missed")) }
        return findings
    }

    /// At most so many are named.
    static let maximumNames = 8

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(maximumNames).joined(separator: ", ")
        return names.count > maximumNames ? "\(shown) and \(names.count - maximumNames) more" : shown
    }

    private var mtu: Finding? {
        guard let mtu = facts.interfaceMTU, let fitting = facts.fittingMTU else { return nil }
        guard mtu > fitting else { return Finding(.good, "MTU", "\(facts.interface) has \(mtu)") }
        return Finding(
            .fault, "MTU",
            "\(facts.interface) has \(mtu), and only \(fitting) fit through the links of this machine: large packets get lost; restart the node"
        )
    }

    private var name: Finding? {
        guard let node = facts.node, let lookup = facts.ownName else { return nil }
        switch lookup {
        case .found(let addresses):
            return Finding(.good, "names", "\(node.name).weft is \(Self.list(addresses))")
        case .notFound:
            return Finding(
                .remark, "names",
                "\(node.name).weft is not found: names are switched off in the settings, or `weft-names.service` does not run (see the log)"
            )
        }
    }

    private var overlaps: [Finding] {
        (facts.node?.overlay ?? []).flatMap { range in
            facts.routedNetworks.filter(range.overlaps).map { network in
                Finding(
                    .fault, "addresses",
                    "this machine routes \(network), which overlaps the overlay \(range): one of the two cannot be reached; change that network, or --overlay-net on all nodes"
                )
            }
        }
    }

    private var clock: Finding? {
        switch facts.isClockSynchronized {
        case true?: Finding(.good, "clock", "it is synchronized")
        case false?:
            Finding(
                .remark, "clock",
                "the kernel does not know it to be synchronized: a clock that is years wrong wins disputes about names and addresses")
        case nil: nil
        }
    }
}
