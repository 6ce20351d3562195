import Multiformats

/// What one side of AutoNAT says to the other (libp2p specification, autonat/autonat-v1.md, "RPC messages").
package enum AutoNATMessage: Hashable, Sendable {
    /// Dial me back.
    case dial(DialRequest)
    case response(DialResponse)

    package static let protocolID = "/libp2p/autonat/1.0.0"
    /// Longest message that is read or written; go-libp2p's own limit.
    package static let maximumByteCount = 4096
}

/// Who wants to be dialled back, and where.
package struct DialRequest: Hashable, Sendable {
    package var peer: PeerID
    /// Those of kinds that we do not know are left out.
    package var addresses: [Multiaddr]

    package init(peer: PeerID, addresses: [Multiaddr]) {
        self.peer = peer
        self.addresses = addresses
    }
}

/// What came of it.
package struct DialResponse: Hashable, Sendable {
    package enum Status: UInt64, Hashable, Sendable {
        case ok = 0
        /// None of the addresses led to the peer.
        case dialError = 100
        /// No dial was tried.
        case dialRefused = 101
        case badRequest = 200
        case internalError = 300
    }

    package var status: Status
    /// Where the peer was reached.
    package var address: Multiaddr?

    package init(_ status: Status, address: Multiaddr? = nil) {
        self.status = status
        self.address = address
    }
}

/// The bytes are no message of AutoNAT.
package struct AutoNATMalformed: Error, Hashable, Sendable {
    package init() {}
}

extension AutoNATMessage {
    // MARK: Writing

    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        switch self {
        case .dial(let request):
            bytes.append(field: 1, number: 0)
            bytes.append(field: 2, content: Self.encode(request))
        case .response(let response):
            bytes.append(field: 1, number: 1)
            bytes.append(field: 3, content: Self.encode(response))
        }
        return bytes
    }

    private static func encode(_ request: DialRequest) -> [UInt8] {
        var peer: [UInt8] = []
        peer.append(field: 1, content: request.peer.bytes)
        for address in request.addresses { peer.append(field: 2, content: address.bytes) }
        var dial: [UInt8] = []
        dial.append(field: 1, content: peer)
        return dial
    }

    private static func encode(_ response: DialResponse) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(field: 1, number: response.status.rawValue)
        if response.status != .ok { bytes.append(field: 2, content: Array(response.status.text.utf8)) }
        if let address = response.address { bytes.append(field: 3, content: address.bytes) }
        return bytes
    }

    // MARK: Reading

    package init(_ bytes: [UInt8]) throws(AutoNATMalformed) {
        guard bytes.count <= Self.maximumByteCount, let message = try? Self.decode(bytes[...]) else { throw AutoNATMalformed() }
        self = message
    }

    private static func decode(_ bytes: ArraySlice<UInt8>) throws -> AutoNATMessage {
        var (type, dial, response) = (UInt64(0), ArraySlice<UInt8>?.none, ArraySlice<UInt8>?.none)
        var scanner = ProtobufScanner(bytes)
        while let field = try scanner.next() {
            switch field.number {
            case 1: type = field.varint ?? type
            case 2: dial = field.content ?? dial
            case 3: response = field.content ?? response
            default: break
            }
        }
        switch (type, dial, response) {
        case (0, let dial?, _): return .dial(try decodeDial(dial))
        case (1, _, let response?): return .response(try decodeResponse(response))
        default: throw AutoNATMalformed()
        }
    }

    private static func decodeDial(_ bytes: ArraySlice<UInt8>) throws -> DialRequest {
        var (peer, addresses) = (PeerID?.none, [Multiaddr]())
        var scanner = ProtobufScanner(bytes)
        while let field = try scanner.next() {
            guard field.number == 1, let info = field.content else { continue }
            var parts = ProtobufScanner(info)
            while let part = try parts.next() {
                if part.number == 1, let id = part.content { peer = try PeerID(bytes: id) }
                if part.number == 2, let bytes = part.content, let address = try? Multiaddr(bytes: Array(bytes)) {
                    addresses.append(address)
                }
            }
        }
        guard let peer else { throw AutoNATMalformed() }
        return DialRequest(peer: peer, addresses: addresses)
    }

    /// Its text is not kept: nobody needs a peer's words for what the status says.
    private static func decodeResponse(_ bytes: ArraySlice<UInt8>) throws -> DialResponse {
        var response = DialResponse(.ok)
        var scanner = ProtobufScanner(bytes)
        while let field = try scanner.next() {
            if field.number == 1, let number = field.varint { response.status = .init(rawValue: number) ?? .internalError }
            if field.number == 3, let bytes = field.content { response.address = try? Multiaddr(bytes: Array(bytes)) }
        }
        return response
    }
}

extension DialResponse.Status {
    /// Says no more than the status: what exactly stood in the way of a dial is nobody else's business.
    fileprivate var text: String {
        switch self {
        case .ok: "ok"
        case .dialError: "dial failed"
        case .dialRefused: "dial refused"
        case .badRequest: "bad request"
        case .internalError: "internal error"
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(field: UInt64, number: UInt64) {
        Varint.append(field << 3, to: &self)
        Varint.append(number, to: &self)
    }

    fileprivate mutating func append(field: UInt64, content: [UInt8]) {
        Varint.append(field << 3 | 2, to: &self)
        LengthPrefixed.append(content, to: &self)
    }
}
