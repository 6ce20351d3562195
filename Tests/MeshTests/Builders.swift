import IPAddresses
import Mesh
import Multiformats
import Timeline
import WeftTestKit
import WireGuard

func prefix(_ text: String) -> IPPrefix {
    guard let prefix = IPPrefix(text) else { preconditionFailure("not a prefix: \(text)") }
    return prefix
}

func address(_ text: String) -> IPAddress {
    guard let address = IPAddress(text) else { preconditionFailure("not an address: \(text)") }
    return address
}

func endpoint(_ text: String) -> SocketAddress {
    guard let endpoint = SocketAddress(text) else { preconditionFailure("not an endpoint: \(text)") }
    return endpoint
}

func name(_ text: String) -> NodeName {
    guard let name = NodeName(text) else { preconditionFailure("not a name: \(text)") }
    return name
}

func overlay(_ texts: String...) throws -> OverlayRanges {
    try OverlayRanges(texts.map(prefix))
}

func wireguardKey(_ number: Int) -> WireGuardPublicKey {
    let bytes = [UInt8](repeating: 7, count: 28) + (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    guard let key = WireGuardPublicKey(bytes: bytes) else { preconditionFailure("32 bytes are a key") }
    return key
}

func identity(_ number: Int) throws -> Identity {
    var generator = SeededGenerator(seed: UInt64(number) &+ 1)
    return try Identity(seed: generator.bytes(32))
}

func secret(_ byte: UInt8 = 42) -> MeshSecret {
    guard let secret = MeshSecret(bytes: [UInt8](repeating: byte, count: 32)) else { preconditionFailure("32 bytes are a secret") }
    return secret
}

/// A record of the test identity of that number; `change` adapts it before it is signed.
func record(_ number: Int, sequence: UInt64 = 1, change: (inout NodeRecord) -> Void = { _ in }) throws -> SealedRecord {
    let author = try identity(number)
    var record = NodeRecord(
        peer: author.peerID, sequence: sequence, name: name("host-\(number)"), nameClaimedAtMillis: 1000,
        wireguardKey: wireguardKey(number),
        addresses: [AddressClaim(address: IPAddress(family: .ipv4, value: 0x0a2a_0000 + UInt128(number) + 1), claimedAtMillis: 1000)],
        wireguardPort: 10042, endpoints: [endpoint("192.0.2.1:10042"), endpoint("[2001:db8::1]:10042")],
        peeringAddresses: [Multiaddr(tcp: endpoint("192.0.2.1:10042"))], lease: .seconds(3600), software: "weft test")
    change(&record)
    return try record.sealed(by: author)
}

func membership(_ number: Int = 0, limits: MembershipLimits = MembershipLimits()) throws -> Membership {
    Membership(ownPeer: try identity(number).peerID, overlay: try overlay("10.42.0.0/16", "fd00:1:2:3::/64"), limits: limits)
}

extension Membership {
    /// All that two nodes with the same records must agree on.
    var state: [PeerID: [UInt8]] { Dictionary(uniqueKeysWithValues: all.map { ($0.record.peer, $0.sealed.envelope) }) }
}
