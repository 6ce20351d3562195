import IPAddresses

extension Multiaddr {
    /// Parses the binary form: for each component its code, then its value.
    package init(bytes: [UInt8]) throws(MultiaddrError) {
        guard !bytes.isEmpty else { throw .empty }
        guard bytes.count <= Self.maximumByteCount else { throw .tooLong }
        components = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let component = try Self.takeComponent(from: &rest)
            components.append(component)
            if case .unix = component, !rest.isEmpty { throw .malformed }
        }
    }

    /// The binary form.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for component in components { component.append(to: &bytes) }
        return bytes
    }

    private static func takeComponent(from bytes: inout ArraySlice<UInt8>) throws(MultiaddrError) -> Component {
        let code = try takeVarint(from: &bytes)
        guard let kind = MultiaddrProtocol(rawValue: code) else { throw .unknownProtocol(code) }
        let length: Int
        switch kind.valueLength {
        case .fixed(let count): length = count
        case .prefixed: length = Int(clamping: try takeVarint(from: &bytes))
        }
        guard bytes.count >= length else { throw .invalidValue(name: kind.name) }
        defer { bytes = bytes.dropFirst(length) }
        guard let component = Component(kind, value: bytes.prefix(length)) else { throw .invalidValue(name: kind.name) }
        return component
    }

    private static func takeVarint(from bytes: inout ArraySlice<UInt8>) throws(MultiaddrError) -> UInt64 {
        guard let number = try? Varint.decode(&bytes) else { throw .malformed }
        return number
    }
}

extension Multiaddr.Component {
    /// From the value of a component, without its length.
    fileprivate init?(_ kind: MultiaddrProtocol, value: ArraySlice<UInt8>) {
        switch kind {
        case .ip4, .ip6, .p2p: self.init(address: kind, value: value)
        case .tcp, .udp, .ipcidr: self.init(number: kind, value: value)
        case .dns, .dns4, .dns6, .dnsaddr, .ip6zone, .unix: self.init(kind, name: String(decoding: value, as: UTF8.self))
        case .p2pCircuit, .tls, .quic, .quicV1, .ws, .wss: self.init(flag: kind)
        }
    }

    private init?(address kind: MultiaddrProtocol, value: ArraySlice<UInt8>) {
        if kind == .p2p {
            guard let peer = try? PeerID(bytes: value) else { return nil }
            self = .p2p(peer)
        } else {
            guard let address = IPAddress(bytes: value) else { return nil }
            self = address.family == .ipv4 ? .ip4(address) : .ip6(address)
        }
    }

    private init?(number kind: MultiaddrProtocol, value: ArraySlice<UInt8>) {
        self.init(kind, number: value.reduce(UInt16(0)) { $0 << 8 | UInt16($1) })
    }

    fileprivate func append(to bytes: inout [UInt8]) {
        Varint.append(transport.rawValue, to: &bytes)
        switch self {
        case .ip4(let address): bytes += IPAddress(family: .ipv4, value: address.value).bytes
        case .ip6(let address): bytes += IPAddress(family: .ipv6, value: address.value).bytes
        case .tcp(let port), .udp(let port): bytes += [UInt8(truncatingIfNeeded: port >> 8), UInt8(truncatingIfNeeded: port)]
        case .ipcidr(let length): bytes.append(length)
        case .p2p(let peer): LengthPrefixed.append(peer.bytes, to: &bytes)
        case .dns(let name), .dns4(let name), .dns6(let name), .dnsaddr(let name), .ip6zone(let name), .unix(let name):
            LengthPrefixed.append(name.utf8, to: &bytes)
        case .p2pCircuit, .quicV1, .quic, .ws, .wss, .tls: break
        }
    }
}
