import IPAddresses

/// Why no pages can be had.
package enum WebPortError: Error, Hashable, Sendable {
    case addressInUse(SocketAddress)
    case addressNotAvailable(SocketAddress)
    /// A port below 1024, as a rule.
    case noPermission(SocketAddress)
    case other(SocketAddress, reason: String)
}

extension WebPortError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .addressInUse(let address):
            "cannot listen for HTTP at \(address): another program listens there; choose another port"
        case .addressNotAvailable(let address):
            "cannot listen for HTTP at \(address): this machine does not have the address, or not yet; choose one that it has"
        case .noPermission(let address):
            "cannot listen for HTTP at \(address): a port below 1024 needs the capability CAP_NET_BIND_SERVICE; choose another port"
        case .other(let address, let reason):
            "cannot listen for HTTP at \(address): \(reason)"
        }
    }
}
