/// Why bytes or text are no peer id.
package enum PeerIDError: Error, Hashable, Sendable {
    /// Neither an identity multihash of 1 to 42 bytes nor a SHA2-256 one.
    case invalidMultihash
    /// Neither base58btc nor a CIDv1 (codec libp2p-key) in base32.
    case invalidText
}

/// The name of a peer: the multihash of its marshalled public key (libp2p specification, peer-ids/peer-ids.md).
///
/// Compares by its bytes, so that the two text forms of an id are the same id.
package struct PeerID: Hashable, Sendable {
    /// Longest marshalled key that is put into the id itself instead of its hash, in bytes.
    package static let maximumInlineKeyLength = 42

    static let identityCode: UInt8 = 0x00
    static let sha256Code: UInt8 = 0x12
    static let sha256Length = 32

    /// The multihash.
    package let bytes: [UInt8]

    package init(bytes: some Collection<UInt8>) throws(PeerIDError) {
        guard (3...Self.maximumInlineKeyLength + 2).contains(bytes.count) else { throw .invalidMultihash }
        let bytes = Array(bytes)
        let length = Int(bytes[1])
        guard length == bytes.count - 2 else { throw .invalidMultihash }
        guard bytes[0] == Self.identityCode || (bytes[0] == Self.sha256Code && length == Self.sha256Length) else {
            throw .invalidMultihash
        }
        self.bytes = bytes
    }

    /// For multihashes that were made here.
    init(uncheckedBytes: [UInt8]) {
        bytes = uncheckedBytes
    }

    /// The public key, if the id contains it: always so for Ed25519, never for RSA.
    package var publicKey: PublicKey? {
        guard bytes[0] == Self.identityCode else { return nil }
        return try? PublicKey(protobuf: Array(bytes.dropFirst(2)))
    }
}

extension PeerID {
    /// All bytes at once: an array would hash them one by one.
    package func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

extension PeerID: Comparable {
    package static func < (left: PeerID, right: PeerID) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

extension PeerID: CustomStringConvertible {
    /// Base58btc, such as `12D3KooW…`.
    package var description: String { Base58.encode(bytes) }

    /// CIDv1, codec libp2p-key (0x72), before the multihash.
    private static let cidPrefix: [UInt8] = [0x01, 0x72]

    /// Parses base58btc, or CIDv1 in base32 (`bafz…`).
    package init(_ text: String) throws(PeerIDError) {
        guard text.utf8.count <= Base58.maximumTextLength else { throw .invalidText }
        if text.hasPrefix("1") || text.hasPrefix("Qm") {
            guard let bytes = Base58.decode(text) else { throw .invalidText }
            try self.init(bytes: bytes)
        } else {
            guard text.hasPrefix("b"), let cid = Base32.decode(String(text.dropFirst())), cid.starts(with: Self.cidPrefix) else {
                throw .invalidText
            }
            try self.init(bytes: cid.dropFirst(Self.cidPrefix.count))
        }
    }
}
