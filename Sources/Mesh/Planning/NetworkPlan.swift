import IPAddresses
import WireGuard

/// One step towards the desired network.
package enum NetworkChange: Hashable, Sendable {
    case createInterface(String)
    case device([DeviceChange])
    case setMTU(Int)
    case removeAddress(IPPrefix)
    case addAddress(IPPrefix)
    case setUp
    case removeRoute(IPPrefix)
    case addRoute(IPPrefix)
}

/// The steps that turn the observed network into the desired one, in the order in which they are to be taken. Empty when nothing
/// differs.
package struct NetworkPlan: Hashable, Sendable {
    package let changes: [NetworkChange]

    package init(_ changes: [NetworkChange]) {
        self.changes = changes
    }

    package var isEmpty: Bool { changes.isEmpty }

    /// For people: one line for each step, without secrets.
    package var lines: [String] { changes.flatMap(\.lines) }
}

extension NetworkPlan: CustomStringConvertible {
    package var description: String { lines.joined(separator: "\n") }
}

extension NetworkChange {
    fileprivate var lines: [String] {
        switch self {
        case .createInterface(let name): ["create interface \(name)"]
        case .device(let changes): changes.map(\.line)
        case .setMTU(let mtu): ["set MTU \(mtu)"]
        case .removeAddress(let address): ["remove address \(address)"]
        case .addAddress(let address): ["add address \(address)"]
        case .setUp: ["set interface up"]
        case .removeRoute(let destination): ["remove route \(destination)"]
        case .addRoute(let destination): ["add route \(destination)"]
        }
    }
}

extension DeviceChange {
    fileprivate var line: String {
        switch self {
        case .setPrivateKey: "set private key"
        case .setListenPort(let port): "set listen port \(port)"
        case .removePeer(let key): "remove peer \(key)"
        case .setPeer(let peer): peer.line
        }
    }
}

extension PeerChange {
    fileprivate var line: String {
        var words = ["set peer \(publicKey)"]
        if presharedKey != nil { words.append("preshared key") }
        if let endpoint { words.append("endpoint \(endpoint)") }
        if let allowedIPs { words.append("allowed IPs [\(allowedIPs.sorted().map(\.description).joined(separator: " "))]") }
        if let keepaliveSeconds { words.append("keepalive \(keepaliveSeconds) s") }
        return words.joined(separator: ", ")
    }
}
