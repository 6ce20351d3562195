import SwiftProtobuf

extension PublicKey {
    /// Parses a marshalled key. Only the deterministic serialization is accepted, so that a key has one peer id.
    package init(protobuf: [UInt8]) throws(KeyError) {
        guard protobuf.count <= Self.maximumByteCount else { throw .malformed }
        guard let message = try? WirePublicKeyMessage(serializedBytes: protobuf) else { throw .malformed }
        try self.init(message)
        guard self.protobuf == protobuf else { throw .notCanonical }
    }

    init(_ message: WirePublicKeyMessage) throws(KeyError) {
        guard message.hasType, message.hasData, message.data.count <= Self.maximumByteCount else { throw .malformed }
        try self.init(kind: Kind(message.type), data: [UInt8](message.data))
    }

    /// The marshalled key: kind, then data, in minimal varints and nothing else.
    package var protobuf: [UInt8] {
        var bytes: [UInt8] = [Self.typeTag, UInt8(kind.wire.rawValue), Self.dataTag]
        LengthPrefixed.append(data, to: &bytes)
        return bytes
    }

    var message: WirePublicKeyMessage {
        var message = WirePublicKeyMessage()
        message.type = kind.wire
        message.data = .init(data)
        return message
    }

    /// Field 1, varint.
    static let typeTag: UInt8 = 0x08
    /// Field 2, length-delimited.
    static let dataTag: UInt8 = 0x12
}

extension PublicKey.Kind {
    fileprivate init(_ wire: WireKeyType) {
        switch wire {
        case .rsa: self = .rsa
        case .ed25519: self = .ed25519
        case .secp256K1: self = .secp256k1
        case .ecdsa: self = .ecdsa
        }
    }

    fileprivate var wire: WireKeyType {
        switch self {
        case .rsa: .rsa
        case .ed25519: .ed25519
        case .secp256k1: .secp256K1
        case .ecdsa: .ecdsa
        }
    }
}
