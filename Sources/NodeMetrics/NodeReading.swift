/// What a node knows of itself and its members at one moment, as far as metrics show it.
package struct NodeReading: Hashable, Sendable {
    package struct Member: Hashable, Sendable {
        package enum State: String, CaseIterable, Sendable {
            /// A peering connection stands.
            case connected
            /// Known by its record, which others brought.
            case known
            /// Lost, or stopped: nothing has been heard of it since.
            case unreachable
        }

        package var peerID: String
        package var name: String
        package var state: State
        /// `nil` before the first one.
        package var lastHandshakeSecondsAgo: Int?
        package var receivedBytes: UInt64
        package var sentBytes: UInt64
        /// `nil` without a connection, or before the first answer.
        package var roundTripSeconds: Double?

        package init(
            peerID: String, name: String, state: State, lastHandshakeSecondsAgo: Int? = nil, receivedBytes: UInt64 = 0,
            sentBytes: UInt64 = 0, roundTripSeconds: Double? = nil
        ) {
            self.peerID = peerID
            self.name = name
            self.state = state
            self.lastHandshakeSecondsAgo = lastHandshakeSecondsAgo
            self.receivedBytes = receivedBytes
            self.sentBytes = sentBytes
            self.roundTripSeconds = roundTripSeconds
        }
    }

    package var version: String
    package var name: String
    package var interface: String
    /// Who implements WireGuard.
    package var wireguard: String
    /// Fingerprint of the mesh.
    package var mesh: String
    package var uptimeSeconds: Int
    /// How many things do not work now.
    package var problemCount: Int
    /// All but this node.
    package var members: [Member]

    package init(
        version: String, name: String, interface: String, wireguard: String, mesh: String, uptimeSeconds: Int, problemCount: Int,
        members: [Member]
    ) {
        self.version = version
        self.name = name
        self.interface = interface
        self.wireguard = wireguard
        self.mesh = mesh
        self.uptimeSeconds = uptimeSeconds
        self.problemCount = problemCount
        self.members = members
    }
}
