import IPAddresses

/// Why nobody can be answered.
package enum DNSResponderError: Error, Hashable, Sendable {
    case addressInUse(SocketAddress)
    case addressNotAvailable(SocketAddress)
    /// A port below 1024, as a rule.
    case noPermission(SocketAddress)
    /// "Every address": an answer would not come from the one that was asked.
    case unspecifiedAddress(SocketAddress)
    case other(SocketAddress, reason: String)
}

extension DNSResponderError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .addressInUse(let address):
            "cannot answer names at \(address): another program listens there; choose another port"
        case .addressNotAvailable(let address):
            "cannot answer names at \(address): this machine does not have the address, or not yet"
        case .noPermission(let address):
            "cannot answer names at \(address): a port below 1024 needs the capability CAP_NET_BIND_SERVICE; choose another port"
        case .unspecifiedAddress(let address):
            "cannot answer names at \(address): name the addresses one by one"
        case .other(let address, let reason):
            "cannot answer names at \(address): \(reason)"
        }
    }
}
