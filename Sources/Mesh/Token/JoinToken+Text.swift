import Crypto
import IPAddresses
import Multiformats
import SwiftProtobuf

/// The text: `weft1`, then base32 (lower case, no padding) of the protobuf and of a checksum.
extension JoinToken {
    private static let name = "weft"
    private static let version: Character = "1"
    private static let checksumLength = 4

    /// Parses a token in lower or upper case, with or without white space around it.
    package init(_ text: String) throws(JoinTokenError) {
        let payload = try Self.payload(of: text)
        guard let message = try? WireJoinTokenMessage(serializedBytes: payload) else { throw .damaged }
        guard let secret = MeshSecret(bytes: message.secret) else { throw .missingSecret }
        let prefixes = message.overlay.map(IPPrefix.init(wire:))
        guard let overlay = try? OverlayRanges(prefixes.compactMap(\.self)), prefixes.allSatisfy({ $0 != nil }) else { throw .badOverlay }
        self.init(secret: secret, overlay: overlay, bootstrap: try Self.bootstrap(message.bootstrap))
    }

    static func text(of payload: [UInt8]) -> String {
        name + String(version) + Base32.encode(payload + checksum(of: payload))
    }

    static func payload(_ secret: MeshSecret, _ overlay: OverlayRanges, _ bootstrap: [Bootstrap]) -> [UInt8] {
        var message = WireJoinTokenMessage()
        message.secret = .init(secret.bytes)
        message.overlay = overlay.prefixes.map(WirePrefixMessage.init)
        message.bootstrap = bootstrap.map(WireBootstrapMessage.init)
        return (try? message.serializedBytes()) ?? []  // a message without required fields always encodes
    }

    private static func payload(of text: String) throws(JoinTokenError) -> [UInt8] {
        guard text.utf8.count <= 2 * maximumLength else { throw .tooLong }
        let text = text.filter { !$0.isWhitespace }.lowercased()
        guard text.utf8.count <= maximumLength else { throw .tooLong }
        guard text.hasPrefix(name), let version = text.dropFirst(name.count).first, version.isASCII, version.isNumber else {
            throw .notAToken
        }
        guard version == Self.version else { throw .unknownVersion(version) }
        guard let bytes = Base32.decode(String(text.dropFirst(name.count + 1))), bytes.count >= checksumLength else { throw .damaged }
        let payload = Array(bytes.dropLast(checksumLength))
        guard Array(bytes.suffix(checksumLength)) == checksum(of: payload) else { throw .damaged }
        return payload
    }

    private static func checksum(of payload: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(data: Array("weft-token-1".utf8) + payload).prefix(checksumLength))
    }

    /// An address of a kind that is not known here is left out: a newer node made the token.
    private static func bootstrap(_ messages: [WireBootstrapMessage]) throws(JoinTokenError) -> [Bootstrap] {
        var peers: [Bootstrap] = []
        for message in messages.prefix(maximumBootstrapPeers) {
            guard let peer = try? PeerID(bytes: message.peerID) else { throw .badBootstrap }
            let addresses = message.addresses.prefix(maximumAddressesPerPeer).compactMap { try? Multiaddr(bytes: [UInt8]($0)) }
            peers.append(Bootstrap(peer: peer, addresses: addresses))
        }
        return peers
    }
}

extension WirePrefixMessage {
    fileprivate init(_ prefix: IPPrefix) {
        address = .init(prefix.address.bytes)
        length = UInt32(prefix.length)
    }
}

extension IPPrefix {
    fileprivate init?(wire message: WirePrefixMessage) {
        guard let address = IPAddress(bytes: message.address) else { return nil }
        self.init(address, length: Int(message.length))
    }
}

extension WireBootstrapMessage {
    fileprivate init(_ bootstrap: JoinToken.Bootstrap) {
        peerID = .init(bootstrap.peer.bytes)
        addresses = bootstrap.addresses.map { .init($0.bytes) }
    }
}
