import IPAddresses

/// Messages of the NAT Port Mapping Protocol (RFC 6886). Numbers are big-endian.
package enum NATPMP {
    /// The router listens there; its announcements go to `announcementPort` of 224.0.0.1 (section 3.2.1). Both are those of PCP, too.
    package static let port: UInt16 = 5351
    package static let announcementPort: UInt16 = 5350

    /// Asks for the router's external address (section 3.2).
    package static let addressRequest: [UInt8] = [0, 0]

    /// Asks for a mapping (section 3.3). To remove it: lifetime and external port 0 (section 3.4).
    package static func mapRequest(_ local: LocalPort, suggesting external: UInt16, lifetimeSeconds: UInt32) -> [UInt8] {
        var bytes: [UInt8] = [0, local.transport.natPMPOperation, 0, 0]
        bytes.append(bigEndian: local.number)
        bytes.append(bigEndian: external)
        bytes.append(bigEndian: lifetimeSeconds)
        return bytes
    }

    /// An answer, or an announcement, which has the form of an answer.
    package struct Answer: Hashable, Sendable {
        package enum Content: Hashable, Sendable {
            case address(IPAddress)
            case mapping(LocalPort, external: UInt16, lifetimeSeconds: UInt32)
            /// The router refuses what was asked by an operation of that number.
            case refusal(operation: UInt8, Refusal)
        }

        /// Seconds since the router's table of mappings was empty (section 3.6).
        package let epoch: UInt32
        package let content: Content

        package init(epoch: UInt32, content: Content) {
            self.epoch = epoch
            self.content = content
        }
    }

    /// Result codes (section 3.5).
    package enum Refusal: Hashable, Sendable {
        case unsupportedVersion
        case notAuthorized
        case networkFailure
        case outOfResources
        case unsupportedOperation
        case other(UInt16)

        init(code: UInt16) {
            switch code {
            case 1: self = .unsupportedVersion
            case 2: self = .notAuthorized
            case 3: self = .networkFailure
            case 4: self = .outOfResources
            case 5: self = .unsupportedOperation
            default: self = .other(code)
            }
        }
    }

    /// `nil` for what is no answer, or cut off.
    package static func answer(_ bytes: [UInt8]) -> Answer? {
        var reader = MessageReader(bytes)
        guard bytes.count <= PortMappingLimits.datagramBytes, reader.number(UInt8.self) == 0,
            let operation = reader.number(UInt8.self), operation >= 128, let code = reader.number(UInt16.self),
            let epoch = reader.number(UInt32.self)
        else { return nil }
        guard code == 0 else { return Answer(epoch: epoch, content: .refusal(operation: operation - 128, Refusal(code: code))) }
        guard let content = content(operation - 128, &reader) else { return nil }
        return Answer(epoch: epoch, content: content)
    }

    private static func content(_ operation: UInt8, _ reader: inout MessageReader) -> Answer.Content? {
        if operation == 0 {
            return reader.take(4).flatMap { IPAddress(bytes: $0) }.map { .address($0) }
        }
        guard let transport = TransportProtocol.allCases.first(where: { $0.natPMPOperation == operation }),
            let local = reader.number(UInt16.self).flatMap({ LocalPort(transport, $0) }), let external = reader.number(UInt16.self),
            let lifetime = reader.number(UInt32.self)
        else { return nil }
        return .mapping(local, external: external, lifetimeSeconds: lifetime)
    }
}

extension TransportProtocol {
    /// 1 maps UDP, 2 maps TCP.
    fileprivate var natPMPOperation: UInt8 { self == .udp ? 1 : 2 }
}
