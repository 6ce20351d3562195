import IPAddresses

extension Multiaddr: CustomStringConvertible {
    /// The canonical text, which `init(_:)` reads back.
    package var description: String {
        components.map(\.text).joined()
    }

    package init(_ text: String) throws(MultiaddrError) {
        guard !text.isEmpty else { throw .empty }
        guard text.utf8.count <= Self.maximumTextLength else { throw .tooLong }
        guard text.utf8.first == UInt8(ascii: "/") else { throw .malformed }
        var words = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)[...]
        components = []
        while let word = words.popFirst() {
            components.append(try Self.component(named: word, words: &words))
        }
        guard bytes.count <= Self.maximumByteCount else { throw .tooLong }
    }

    private static func component(named word: Substring, words: inout ArraySlice<Substring>) throws(MultiaddrError) -> Component {
        guard let kind = MultiaddrProtocol(name: word) else { throw .unknownProtocolName(String(word.prefix(64))) }
        if kind.valueLength == .fixed(0), let component = Component(flag: kind) { return component }
        if kind == .unix {  // a path takes the rest
            let path = words.map { "/" + $0 }.joined()
            words = []
            guard let component = Component(kind, name: path) else { throw .invalidValue(name: kind.name) }
            return component
        }
        guard let value = words.popFirst(), let component = Component(kind, text: String(value)) else {
            throw .invalidValue(name: kind.name)
        }
        return component
    }
}

extension Multiaddr.Component {
    fileprivate init?(_ kind: MultiaddrProtocol, text: String) {
        switch kind {
        case .ip4, .ip6:
            guard let address = IPAddress(text), (address.family == .ipv4) == (kind == .ip4) else { return nil }
            self = kind == .ip4 ? .ip4(address) : .ip6(address)
        case .p2p:
            guard let peer = try? PeerID(text) else { return nil }
            self = .p2p(peer)
        case .tcp, .udp, .ipcidr:
            guard let number = UInt16(text), String(number) == text else { return nil }
            self.init(kind, number: number)
        case .dns, .dns4, .dns6, .dnsaddr, .ip6zone, .unix: self.init(kind, name: text)
        case .p2pCircuit, .tls, .quic, .quicV1, .ws, .wss: self.init(flag: kind)
        }
    }

    fileprivate var text: String {
        switch self {
        case .ip4(let address), .ip6(let address): "/\(transport.name)/\(address)"
        case .tcp(let number), .udp(let number): "/\(transport.name)/\(number)"
        case .ipcidr(let length): "/\(transport.name)/\(length)"
        case .p2p(let peer): "/p2p/\(peer)"
        case .dns(let name), .dns4(let name), .dns6(let name), .dnsaddr(let name), .ip6zone(let name): "/\(transport.name)/\(name)"
        case .unix(let path): "/unix\(path)"
        case .p2pCircuit, .quicV1, .quic, .ws, .wss, .tls: "/\(transport.name)"
        }
    }
}
