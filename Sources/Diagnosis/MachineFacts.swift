import IPAddresses

/// What can be seen of a machine and the node on it, before anybody judges.
package struct MachineFacts: Hashable, Sendable {
    package struct Node: Hashable, Sendable {
        package var name: String
        /// What it says itself does not work.
        package var problems: [String]
        package var overlay: [IPPrefix]
        package var members: [Member]
        /// `nil`: it does not tell.
        package var reachability: Reachability?

        package init(
            name: String, problems: [String], overlay: [IPPrefix], members: [Member], reachability: Reachability? = nil
        ) {
            self.name = name
            self.problems = problems
            self.overlay = overlay
            self.members = members
            self.reachability = reachability
        }
    }

    /// Any but the node itself.
    package struct Member: Hashable, Sendable {
        package var name: String
        package var isConnected: Bool
        package var isUnreachable: Bool
        package var hasHandshake: Bool
        package var sentBytes: UInt64

        package init(name: String, isConnected: Bool, isUnreachable: Bool, hasHandshake: Bool, sentBytes: UInt64) {
            self.name = name
            self.isConnected = isConnected
            self.isUnreachable = isUnreachable
            self.hasHandshake = hasHandshake
            self.sentBytes = sentBytes
        }
    }

    /// Whether others outside of the node's network can connect to it, in the status' words.
    package enum Reachability: String, Hashable, Sendable {
        case reachable = "public"
        case unreachable = "private"
        case unknown
    }

    /// What a name leads to.
    package enum Lookup: Hashable, Sendable {
        case found([String])
        case notFound
    }

    package var interface = "weft0"
    package var peeringPort = 10042
    package var wireguardPort = 10042
    /// `nil`: the kernel did not say.
    package var hasKernelWireGuard: Bool?
    /// Userspace implementations that are installed.
    package var userspacePrograms: [String] = []
    package var hasTunDevice = false
    /// Of the process that looks.
    package var hasNetAdmin = false
    package var node: Node?
    /// Why no node answers.
    package var silence: String?
    package var isPeeringPortFree = true
    package var isWireGuardPortFree = true
    /// What leads to others beside the overlay.
    package var routedNetworks: [IPPrefix] = []
    /// `nil` without an interface.
    package var interfaceMTU: Int?
    /// What fits the smallest link that leads to others.
    package var fittingMTU: Int?
    package var isClockSynchronized: Bool?
    package var firewall = Firewall.unknown
    /// Of this node's own name in the zone `weft`.
    package var ownName: Lookup?

    package init() {}
}

/// What the packet filter does with what comes in and nobody has asked for.
package enum Firewall: Hashable, Sendable {
    /// It cannot be read: it takes root, and nft(8).
    case unknown
    /// Nothing is dropped that no rule names.
    case open
    /// A chain drops what no rule of it accepts.
    case closed(chain: String, namedPorts: Set<Int>)

    /// Longer ones are not read.
    package static let maximumRulesetBytes = 4 << 20

    /// - Parameter ruleset: what `nft list ruleset` prints.
    package init(ruleset: String) {
        var chain = ""
        var closed: String?
        var ports: Set<Int> = []
        for line in ruleset.split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: { $0.isWhitespace || "{},;".contains($0) })
            if words.first == "chain", words.count > 1 { chain = String(words[1]) }
            if line.contains("hook input"), words.contains("drop") { closed = chain }
            if words.contains("dport") { ports.formUnion(Self.ports(Array(words))) }
        }
        self = closed.map { .closed(chain: $0, namedPorts: ports) } ?? .open
    }

    /// `dport 22`, `dport { 22, 80-90 }`; of a range its two ends and what lies between, if it is no larger than all ports.
    private static func ports(_ words: [Substring]) -> Set<Int> {
        let candidates = words.drop { $0 != "dport" }.dropFirst()
        return candidates.reduce(into: []) { ports, word in
            let ends = word.split(separator: "-").compactMap { UInt16($0) }
            if ends.count == 1 { ports.insert(Int(ends[0])) }
            if ends.count == 2, ends[0] <= ends[1] { ports.formUnion(Int(ends[0])...Int(ends[1])) }
        }
    }
}
