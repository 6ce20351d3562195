import IPAddresses

/// Messages of the Port Control Protocol (RFC 6887). Numbers are big-endian, addresses have 16 bytes (section 5).
package enum PCP {
    package static let version: UInt8 = 2
    /// Header and the MAP operation's part of it.
    static let mapLength = 60
    static let headerLength = 24
    private static let announceOperation: UInt8 = 0
    private static let mapOperation: UInt8 = 1

    /// Proves to the router that a request comes from who made the mapping, and to us that an answer comes from who got the request
    /// (section 11.2, 12 bytes).
    package struct Nonce: Hashable, Sendable {
        package static let length = 12
        package let bytes: [UInt8]

        /// `nil` unless there are `length` bytes.
        package init?(_ bytes: some Sequence<UInt8>) {
            self.bytes = Array(bytes)
            guard self.bytes.count == Self.length else { return nil }
        }

        /// The first bytes of a hash, which has more than enough.
        init(hash: [UInt8]) {
            bytes = Array(hash.prefix(Self.length))
        }
    }

    /// Asks for a mapping (section 11.1). To remove it: lifetime 0, with the nonce that it was made with (section 15).
    ///
    /// - Parameters:
    ///   - own: where the request comes from; a router that sees another address refuses it, as there is a NAT in between.
    ///   - external: what we would like to have; `nil` address and port 0: whatever there is.
    package static func mapRequest(
        _ local: LocalPort, own: IPAddress, nonce: Nonce, suggesting external: (address: IPAddress?, port: UInt16), lifetimeSeconds: UInt32
    ) -> [UInt8] {
        var bytes: [UInt8] = [version, mapOperation, 0, 0]
        bytes.append(bigEndian: lifetimeSeconds)
        bytes += own.pcpBytes
        bytes += nonce.bytes + [local.transport.rawValue, 0, 0, 0]
        bytes.append(bigEndian: local.number)
        bytes.append(bigEndian: external.port)
        // "All zeros" of the family that is wanted (section 5).
        bytes += (external.address ?? IPAddress(family: own.family, value: 0)).pcpBytes
        return bytes
    }

    /// An answer, or an announcement, which has the form of an answer (section 14.1).
    package struct Answer: Hashable, Sendable {
        package enum Content: Hashable, Sendable {
            /// To the ANNOUNCE operation, or to all.
            case announcement
            case mapping(Mapping)
            /// The mapping is refused. `external` and `lifetimeSeconds` of a refusal mean something else, and are not told.
            case refusal(LocalPort, Nonce, Refusal)
            /// What was asked is not understood at all: another version, or no such operation.
            case notUnderstood(Refusal)
        }

        /// Seconds since the router's table of mappings was empty (section 8.5).
        package let epoch: UInt32
        package let content: Content

        package init(epoch: UInt32, content: Content) {
            self.epoch = epoch
            self.content = content
        }
    }

    package struct Mapping: Hashable, Sendable {
        package let local: LocalPort
        package let nonce: Nonce
        package let external: SocketAddress
        package let lifetimeSeconds: UInt32

        package init(local: LocalPort, nonce: Nonce, external: SocketAddress, lifetimeSeconds: UInt32) {
            self.local = local
            self.nonce = nonce
            self.external = external
            self.lifetimeSeconds = lifetimeSeconds
        }
    }

    /// Result codes (section 7.4).
    package enum Refusal: Hashable, Sendable {
        case unsupportedVersion
        case notAuthorized
        case unsupportedOperation
        case noResources
        case userExceededQuota
        case cannotProvideExternal
        /// There is another NAT between us and the router.
        case addressMismatch
        case other(UInt8)

        init(code: UInt8) {
            switch code {
            case 1: self = .unsupportedVersion
            case 2: self = .notAuthorized
            case 4: self = .unsupportedOperation
            case 8: self = .noResources
            case 10: self = .userExceededQuota
            case 11: self = .cannotProvideExternal
            case 12: self = .addressMismatch
            default: self = .other(code)
            }
        }
    }

    /// `nil` for what is no answer to us, or cut off. What follows a known operation's part are options, and we asked for none.
    package static func answer(_ bytes: [UInt8]) -> Answer? {
        guard bytes.count <= PortMappingLimits.datagramBytes, bytes.count >= headerLength, bytes.count % 4 == 0, bytes[1] >= 128 else {
            return nil
        }
        var reader = MessageReader(bytes)
        let answered = reader.number(UInt8.self)
        guard let operation = reader.number(UInt8.self), let code = reader.number(UInt16.self).map({ UInt8($0 & 0xff) }),
            let lifetime = reader.number(UInt32.self), let epoch = reader.number(UInt32.self), reader.take(12) != nil
        else { return nil }
        let refusal = Refusal(code: code)
        if answered != version {
            // Version 1 was a draft. Version 0 is NAT-PMP, and has a codec of its own.
            return answered == 1 && code == 1 ? Answer(epoch: epoch, content: .notUnderstood(.unsupportedVersion)) : nil
        }
        if code == 1 || code == 4 { return Answer(epoch: epoch, content: .notUnderstood(refusal)) }
        switch operation - 128 {
        case announceOperation: return code == 0 ? Answer(epoch: epoch, content: .announcement) : nil
        case mapOperation: return mapping(&reader, code, lifetime).map { Answer(epoch: epoch, content: $0) }
        default: return nil
        }
    }

    private static func mapping(_ reader: inout MessageReader, _ code: UInt8, _ lifetime: UInt32) -> Answer.Content? {
        guard let nonce = reader.take(Nonce.length).flatMap({ Nonce($0) }),
            let transport = reader.number(UInt8.self).flatMap({ TransportProtocol(rawValue: $0) }), reader.take(3) != nil,
            let local = reader.number(UInt16.self).flatMap({ LocalPort(transport, $0) }), let port = reader.number(UInt16.self),
            let address = reader.take(16).flatMap({ IPAddress(bytes: $0) })
        else { return nil }
        guard code == 0 else { return .refusal(local, nonce, Refusal(code: code)) }
        let external = SocketAddress(address.unmapped, port: port)
        return .mapping(Mapping(local: local, nonce: nonce, external: external, lifetimeSeconds: lifetime))
    }
}

extension IPAddress {
    /// 16 bytes; an IPv4 address as an IPv4-mapped one (RFC 6887 section 5).
    fileprivate var pcpBytes: [UInt8] {
        family == .ipv6 ? bytes : [UInt8](repeating: 0, count: 10) + [0xff, 0xff] + bytes
    }
}
