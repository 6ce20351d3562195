/// What a command asks of the running node: one JSON object on one line. See docs/PROTOCOL.md.
package struct LocalRequest: Codable, Hashable, Sendable {
    package enum Command: String, Codable, Sendable {
        case status
        case token
        case leave
        /// Forget the member that is called `name`.
        case forget
        /// Find out how the member that is called `name` is reached; dials it, if it is not connected.
        case ping
        /// Log from `level` on.
        case logLevel = "log-level"
        /// Send all names and addresses, now and whenever they change, as long as the connection stands.
        case names
    }

    /// The version of this protocol, raised when an old client could misread a new node.
    package static let currentVersion = 1

    package var version: Int
    package var command: Command
    /// Whom it is about: a member's name as the status shows it, or its peer id.
    package var name: String?
    /// A level's name, as in docs/LOGGING.md.
    package var level: String?

    package init(_ command: Command, name: String? = nil, level: String? = nil) {
        version = Self.currentVersion
        self.command = command
        self.name = name
        self.level = level
    }
}

/// What the node answers: one JSON object on one line, with either an error or what was asked for.
package struct LocalResponse: Codable, Hashable, Sendable {
    package var version = LocalRequest.currentVersion
    /// A sentence for the user.
    package var error: String?
    package var status: StatusReport?
    /// Contains the mesh secret.
    package var token: String?
    package var ping: PingReport?

    package init(error: String? = nil, status: StatusReport? = nil, token: String? = nil, ping: PingReport? = nil) {
        self.error = error
        self.status = status
        self.token = token
        self.ping = ping
    }
}

/// How the node reaches a member.
package struct PingReport: Codable, Hashable, Sendable {
    package var member: StatusReport.Member
    /// Where this node listens for peers, and the others if they are set alike.
    package var peeringPort: Int
    /// Why no peering connection stands, in words; `nil` if one does.
    package var peeringProblem: String?

    enum CodingKeys: String, CodingKey {
        case member
        case peeringPort = "peering_port"
        case peeringProblem = "peering_problem"
    }

    package init(member: StatusReport.Member, peeringPort: Int, peeringProblem: String?) {
        self.member = member
        self.peeringPort = peeringPort
        self.peeringProblem = peeringProblem
    }
}

/// What `weft status --json` prints.
package struct StatusReport: Codable, Hashable, Sendable {
    package struct Node: Codable, Hashable, Sendable {
        package var name: String
        package var peerID: String
        package var interface: String
        /// Who implements WireGuard: `kernel`, `wireguard-go`, `boringtun-cli`.
        package var wireguard: String
        package var addresses: [String]
        /// Overlay ranges.
        package var overlay: [String]
        /// Identifies the mesh without giving its secret away.
        package var mesh: String
        package var peeringPort: Int
        package var wireguardPort: Int
        package var uptimeSeconds: Int
        /// What does not work right now, in words.
        package var problems: [String]
        /// Whether others outside of its network can connect to it: `public`, `private`, `unknown`. `nil`: the node is of a version that
        /// does not tell.
        package var reachability: String?

        enum CodingKeys: String, CodingKey {
            case name, interface, wireguard, addresses, overlay, mesh, problems, reachability
            case peerID = "peer_id"
            case peeringPort = "peering_port"
            case wireguardPort = "wireguard_port"
            case uptimeSeconds = "uptime_seconds"
        }

        package init(
            name: String, peerID: String, interface: String, wireguard: String, addresses: [String], overlay: [String], mesh: String,
            peeringPort: Int, wireguardPort: Int, uptimeSeconds: Int, problems: [String], reachability: String? = nil
        ) {
            self.name = name
            self.peerID = peerID
            self.interface = interface
            self.wireguard = wireguard
            self.addresses = addresses
            self.overlay = overlay
            self.mesh = mesh
            self.peeringPort = peeringPort
            self.wireguardPort = wireguardPort
            self.uptimeSeconds = uptimeSeconds
            self.problems = problems
            self.reachability = reachability
        }
    }

    package struct Member: Codable, Hashable, Sendable {
        package enum State: String, Codable, Sendable {
            /// This node.
            case itself = "self"
            /// A peering connection stands.
            case connected
            /// Known by its record, which others brought.
            case known
            /// It was stopped, or somebody lost it and could not dial it any more, and nothing has been heard of it since. It stays a member.
            case unreachable
        }

        package var name: String
        package var peerID: String
        package var addresses: [String]
        package var state: State
        /// Where WireGuard sends to.
        package var endpoint: String?
        package var lastHandshakeSecondsAgo: Int?
        package var receivedBytes: UInt64
        package var sentBytes: UInt64
        package var roundTripMillis: Double?
        package var software: String

        enum CodingKeys: String, CodingKey {
            case name, addresses, state, endpoint, software
            case peerID = "peer_id"
            case lastHandshakeSecondsAgo = "last_handshake_seconds_ago"
            case receivedBytes = "received_bytes"
            case sentBytes = "sent_bytes"
            case roundTripMillis = "round_trip_millis"
        }

        package init(
            name: String, peerID: String, addresses: [String], state: State, endpoint: String? = nil, lastHandshakeSecondsAgo: Int? = nil,
            receivedBytes: UInt64 = 0, sentBytes: UInt64 = 0, roundTripMillis: Double? = nil, software: String
        ) {
            self.name = name
            self.peerID = peerID
            self.addresses = addresses
            self.state = state
            self.endpoint = endpoint
            self.lastHandshakeSecondsAgo = lastHandshakeSecondsAgo
            self.receivedBytes = receivedBytes
            self.sentBytes = sentBytes
            self.roundTripMillis = roundTripMillis
            self.software = software
        }
    }

    package var version = 1
    package var node: Node
    package var members: [Member]

    package init(node: Node, members: [Member]) {
        self.node = node
        self.members = members
    }
}
