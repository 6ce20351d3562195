import IPAddresses
import Multiformats
import SwiftProtobuf
import WireGuard

extension NodeRecord {
    /// The record as protobuf, in which a number that does not fit its field has been brought into its range.
    func encoded() throws(RecordError) -> [UInt8] {
        var message = WireNodeRecordMessage()
        message.peerID = .init(peer.bytes)
        message.sequence = sequence
        message.name = name.text
        message.nameClaimedAt = nameClaimedAtMillis
        message.wireguardKey = .init(wireguardKey.bytes)
        message.addresses = addresses.map(WireAddressClaimMessage.init)
        message.wireguardPort = UInt32(wireguardPort)
        message.endpoints = endpoints.map(WireEndpointMessage.init)
        message.peeringAddresses = peeringAddresses.map { .init($0.bytes) }
        message.leaseSeconds = UInt32(clamping: lease.components.seconds)
        message.left = hasLeft
        message.software = software
        guard let bytes: [UInt8] = try? message.serializedBytes() else { throw .malformed }
        return bytes
    }

    /// Checks all limits. A single endpoint or peering address that makes no sense here is dropped, and the record kept:
    /// a newer node may know kinds of addresses that this one does not.
    init(decoding bytes: [UInt8]) throws(RecordError) {
        guard let message = try? WireNodeRecordMessage(serializedBytes: bytes), let peer = try? PeerID(bytes: message.peerID) else {
            throw .malformed
        }
        guard let name = NodeName(message.name) else { throw .invalidName }
        guard let key = WireGuardPublicKey(bytes: message.wireguardKey) else { throw .invalidWireGuardKey }
        guard let port = UInt16(exactly: message.wireguardPort) else { throw .invalidPort }
        guard message.endpoints.count <= RecordLimits.maximumEndpoints else { throw .tooManyEndpoints }
        guard message.peeringAddresses.count <= RecordLimits.maximumPeeringAddresses else { throw .tooManyPeeringAddresses }
        self.init(
            peer: peer, sequence: message.sequence, name: name, nameClaimedAtMillis: message.nameClaimedAt, wireguardKey: key,
            addresses: try Self.addresses(message.addresses), wireguardPort: port,
            endpoints: message.endpoints.compactMap(SocketAddress.init(wire:)).filter(\.isPlausibleEndpoint),
            peeringAddresses: message.peeringAddresses.compactMap { try? Multiaddr(bytes: [UInt8]($0)) },
            lease: .seconds(Int64(message.leaseSeconds)), hasLeft: message.left, software: message.software)
        try check()
    }

    private static func addresses(_ messages: [WireAddressClaimMessage]) throws(RecordError) -> [AddressClaim] {
        guard messages.count <= RecordLimits.maximumAddresses else { throw .tooManyAddresses }
        var claims: [AddressClaim] = []
        for message in messages {
            guard let address = IPAddress(bytes: message.address) else { throw .invalidAddress }
            claims.append(AddressClaim(address: address, claimedAtMillis: message.claimedAt))
        }
        return claims
    }

    /// The limits that hold for records of this node and of others alike.
    func check() throws(RecordError) {
        guard (1...RecordLimits.maximumSequence).contains(sequence) else { throw .sequenceOutOfRange }
        guard wireguardKey.bytes.contains(where: { $0 != 0 }) else { throw .invalidWireGuardKey }
        guard Set(addresses.map(\.address.family)).count == addresses.count else { throw .tooManyAddresses }
        guard endpoints.count <= RecordLimits.maximumEndpoints else { throw .tooManyEndpoints }
        guard peeringAddresses.count <= RecordLimits.maximumPeeringAddresses else { throw .tooManyPeeringAddresses }
        guard RecordLimits.leaseRange.contains(lease) else { throw .leaseOutOfRange }
        guard software.utf8.count <= RecordLimits.maximumSoftwareLength else { throw .softwareTooLong }
    }
}

extension WireAddressClaimMessage {
    fileprivate init(_ claim: AddressClaim) {
        address = .init(claim.address.bytes)
        claimedAt = claim.claimedAtMillis
    }
}

extension WireEndpointMessage {
    fileprivate init(_ endpoint: SocketAddress) {
        address = .init(endpoint.address.bytes)
        port = UInt32(endpoint.port)
    }
}

extension SocketAddress {
    fileprivate init?(wire message: WireEndpointMessage) {
        guard let address = IPAddress(bytes: message.address), let port = UInt16(exactly: message.port) else { return nil }
        self.init(address.unmapped, port: port)
    }
}
