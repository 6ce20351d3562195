import IPAddresses
import Multiformats
import PeerConnection

/// Why the host cannot listen.
package enum ListenError: Error, Hashable, Sendable {
    case addressInUse(SocketAddress)
    case addressNotAvailable(SocketAddress)
    case other(SocketAddress, reason: String)
}

extension ListenError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .addressInUse(let address): "\(address)/tcp is in use by another program"
        case .addressNotAvailable(let address): "\(address.address) is not an address of this machine"
        case .other(let address, let reason): "cannot listen on \(address)/tcp: \(reason)"
        }
    }
}

/// Why a dial did not lead to a connection.
package enum DialError: Error, Hashable, Sendable {
    /// The address is of a kind that this host cannot dial.
    case unsupportedAddress(Multiaddr)
    case unknownHost(String)
    case unreachable(reason: String)
    /// TCP stood, the upgrade failed.
    case failed(ConnectionFailure)
    case isOwnAddress
    /// As many are under way as may be.
    case tooManyDials
    /// This host was shut down meanwhile.
    case shutDown
}

extension DialError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unsupportedAddress(let address): "\(address) is of a kind that cannot be dialled"
        case .unknownHost(let name): "the host name \(name) is unknown"
        case .unreachable(let reason): reason
        case .failed(let failure): "\(failure)"
        case .isOwnAddress: "this is our own address"
        case .tooManyDials: "too many peers are being dialled already"
        case .shutDown: "this host is shut down"
        }
    }
}
