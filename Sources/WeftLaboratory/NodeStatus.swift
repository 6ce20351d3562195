/// What `weft status --json` prints.
package struct NodeStatus: Codable, Sendable {
    package struct Node: Codable, Sendable {
        package let name: String
        package let peerID: String
        package let interface: String
        package let wireguard: String
        package let addresses: [String]
        package let uptimeSeconds: Double
        package let reachability: String?

        enum CodingKeys: String, CodingKey {
            case name, interface, wireguard, addresses, reachability
            case peerID = "peer_id"
            case uptimeSeconds = "uptime_seconds"
        }
    }

    package enum MemberState: String, Codable, Sendable {
        case ourselves = "self"
        case connected
        case known
        case unreachable
    }

    package struct Member: Codable, Sendable {
        package let name: String
        package let peerID: String
        package let addresses: [String]
        package let state: MemberState
        package let endpoint: String?
        package let lastHandshakeSecondsAgo: Double?
        package let receivedBytes: UInt64
        package let sentBytes: UInt64

        enum CodingKeys: String, CodingKey {
            case name, addresses, state, endpoint
            case peerID = "peer_id"
            case lastHandshakeSecondsAgo = "last_handshake_seconds_ago"
            case receivedBytes = "received_bytes"
            case sentBytes = "sent_bytes"
        }
    }

    package let version: Int
    package let node: Node
    package let members: [Member]

    package func member(_ name: String) -> Member? {
        members.first { $0.name == name }
    }
}
