/// An IP address and a port of TCP or UDP.
package struct SocketAddress: Hashable, Sendable {
    package let address: IPAddress
    package let port: UInt16

    package init(_ address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }
}

extension SocketAddress: LosslessStringConvertible {
    /// `10.0.0.1:51820`, or `[fd00::1]:51820`.
    package var description: String {
        address.family == .ipv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }

    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"),
            let port = parseDecimal(text[text.index(after: colon)...], maximum: Int(UInt16.max))
        else { return nil }
        var host = text[..<colon]
        let bracketed = host.first == "[" && host.last == "]"
        if bracketed { host = host.dropFirst().dropLast() }
        guard let address = IPAddress(String(host)), bracketed == (address.family == .ipv6) else { return nil }
        self.init(address, port: UInt16(port))
    }
}
