import IPAddresses
import Mesh
import Multiformats
import Timeline
import WireGuard

/// What the operations work on: a mesh of a thousand, always the same.
enum Fixture {
    static let memberCount = 1_000
    static let now = Instant.origin

    static func identity(_ number: Int) throws -> Identity {
        try Identity(seed: bytes(number, 1))
    }

    /// 32 bytes that differ for each number and use.
    static func bytes(_ number: Int, _ use: UInt8) -> [UInt8] {
        [use, UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)] + [UInt8](repeating: 7, count: 29)
    }

    static func key(_ number: Int) throws -> WireGuardPublicKey {
        try some(WireGuardPublicKey(bytes: bytes(number, 2)))
    }

    static func overlay() throws -> OverlayRanges {
        try OverlayRanges(["10.5.0.0/16", "fd12:3456::/64"].map { try some(IPPrefix($0)) })
    }

    /// A record as a node with one address of each family makes it.
    static func record(_ number: Int, of identity: Identity) throws -> NodeRecord {
        let endpoints = try ["5.5.\(number >> 8).\(number & 255)", "2005:5:5::\(number)"].map {
            SocketAddress(try some(IPAddress($0)), port: 10042)
        }
        let claims = try ["10.5.\(1 + number / 250).\(1 + number % 250)", "fd12:3456::\(number + 1)"].map {
            AddressClaim(address: try some(IPAddress($0)), claimedAtMillis: 1)
        }
        return NodeRecord(
            peer: identity.peerID, sequence: 1, name: try some(NodeName("node-\(number)")), nameClaimedAtMillis: 1,
            wireguardKey: try key(number), addresses: claims, wireguardPort: 10042, endpoints: endpoints,
            peeringAddresses: endpoints.map { Multiaddr(tcp: $0) }, lease: .ordinaryLease, software: "weft/0")
    }

    /// Signed records of so many nodes; the first is this node's.
    static func sealedRecords() throws -> [SealedRecord] {
        try (0..<memberCount).map { number in
            let identity = try identity(number)
            return try record(number, of: identity).sealed(by: identity)
        }
    }

    static func some<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw BenchmarkError("a fixture is not valid") }
        return value
    }
}
