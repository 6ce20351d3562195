import SwiftProtobuf

/// Where a peer listens, in its own words (libp2p specification, RFC 0003).
package struct PeerRecord: Hashable, Sendable {
    /// Raw bytes, not a varint.
    package static let payloadType: [UInt8] = [0x03, 0x01]
    package static let domain = "libp2p-peer-record"
    /// Longest sealed record that is read, in bytes.
    package static let maximumByteCount = 8192
    /// Addresses beyond this many are ignored.
    package static let maximumAddressCount = 64

    package var peerID: PeerID
    /// Of two records of a peer, the one with the higher number is newer.
    package var sequence: UInt64
    /// Without `/p2p`.
    package var addresses: [Multiaddr]

    package init(peerID: PeerID, sequence: UInt64, addresses: [Multiaddr]) {
        self.peerID = peerID
        self.sequence = sequence
        self.addresses = addresses
    }

    /// Signed; `.wrongSigner` if the record speaks of another peer than `identity`.
    package func sealed(by identity: Identity) throws(EnvelopeError) -> SignedEnvelope {
        guard identity.peerID == peerID else { throw .wrongSigner }
        return try SignedEnvelope.seal(encoded(), type: Self.payloadType, domain: Self.domain, by: identity)
    }

    /// Parses and verifies a sealed record. Addresses of unknown protocols are left out.
    package static func open(_ bytes: [UInt8]) throws(EnvelopeError) -> PeerRecord {
        let envelope = try SignedEnvelope.open(bytes, type: payloadType, domain: domain, maximumLength: maximumByteCount)
        let record = try PeerRecord(payload: envelope.payload)
        guard record.peerID == envelope.publicKey.peerID else { throw .wrongSigner }
        return record
    }

    /// Parses what is inside the envelope.
    init(payload: [UInt8]) throws(EnvelopeError) {
        guard let message = try? WirePeerRecordMessage(serializedBytes: payload), let peerID = try? PeerID(bytes: message.peerID) else {
            throw .malformed
        }
        self.peerID = peerID
        sequence = message.seq
        addresses = message.addresses.prefix(Self.maximumAddressCount).compactMap { try? Multiaddr(bytes: [UInt8]($0.multiaddr)) }
    }

    private func encoded() throws(EnvelopeError) -> [UInt8] {
        var message = WirePeerRecordMessage()
        message.peerID = .init(peerID.bytes)
        message.seq = sequence
        message.addresses = addresses.map { address in
            var info = WirePeerRecordMessage.AddressInfo()
            info.multiaddr = .init(address.bytes)
            return info
        }
        guard let bytes: [UInt8] = try? message.serializedBytes() else { throw .malformed }
        return bytes
    }
}
