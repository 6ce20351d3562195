import Multiformats
import SwiftProtobuf

/// What a peer says of itself (libp2p identify/README.md).
package struct PeerDescription: Hashable, Sendable {
    /// Where it listens, without its peer id. Addresses of kinds that we do not know are left out.
    package var listenAddresses: [Multiaddr] = []
    package var protocols: [String] = []
    /// Our own address as the peer sees it.
    package var observedAddress: Multiaddr?
    /// Free text of the peer: escape it before it is shown.
    package var agentVersion: String = ""
    /// Where it listens in its own signed words: a sealed `PeerRecord`, of which nothing but its length is checked.
    package var signedPeerRecord: [UInt8]?

    package init() {}
}

enum IdentifyProtocol {
    static let id = "/ipfs/id/1.0.0"
    static let pushID = "/ipfs/id/push/1.0.0"
    /// Free text of a peer that is kept, in bytes.
    static let maximumAgentBytes = 256

    static func encode(
        _ configuration: ConnectionConfiguration, listenAddresses: [Multiaddr], protocols: [String], observedAddress: Multiaddr?,
        signedPeerRecord: [UInt8]?
    ) -> [UInt8] {
        var message = WireIdentify()
        message.publicKey = .init(configuration.identity.publicKey.protobuf)
        message.listenAddrs = listenAddresses.map { .init($0.bytes) }
        message.protocols = protocols
        if let observedAddress { message.observedAddr = .init(observedAddress.bytes) }
        message.protocolVersion = configuration.protocolVersion
        message.agentVersion = configuration.agentVersion
        if let signedPeerRecord { message.signedPeerRecord = .init(signedPeerRecord) }
        // Only a message with a missing required field cannot be serialized, and this one has none.
        let bytes: [UInt8] = (try? message.serializedBytes()) ?? []
        return LengthPrefixed.encode(bytes)
    }
}

/// Puts the parts of a description together: a peer may send several messages, which are merged.
struct IdentifyCollector: Sendable {
    private var description = PeerDescription()
    private var parts = 0
    private let limits: ConnectionLimits

    init(limits: ConnectionLimits) {
        self.limits = limits
    }

    /// `nil` as long as nothing was received.
    var collected: PeerDescription? { parts > 0 ? description : nil }

    /// Returns whether the part was taken; a peer that sends rubbish or too many is not asked again.
    mutating func add(_ bytes: [UInt8]) -> Bool {
        guard parts < limits.maximumIdentifyParts, let message = try? WireIdentify(serializedBytes: bytes) else { return false }
        parts += 1
        for address in message.listenAddrs where description.listenAddresses.count < limits.maximumIdentifyEntries {
            if let address = try? Multiaddr(bytes: Array(address)) { description.listenAddresses.append(address.withoutPeerID) }
        }
        let room = limits.maximumIdentifyEntries - description.protocols.count
        description.protocols += message.protocols.prefix(max(0, room))
        if message.hasObservedAddr { description.observedAddress = try? Multiaddr(bytes: Array(message.observedAddr)) }
        if message.hasAgentVersion, message.agentVersion.utf8.count <= IdentifyProtocol.maximumAgentBytes {
            description.agentVersion = message.agentVersion
        }
        if message.hasSignedPeerRecord, message.signedPeerRecord.count <= PeerRecord.maximumByteCount {
            description.signedPeerRecord = Array(message.signedPeerRecord)
        }
        return true
    }
}
