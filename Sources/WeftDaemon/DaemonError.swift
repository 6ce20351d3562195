import IPAddresses
import LinuxNetwork
import PeerHost
import UserspaceWireGuard

/// Why a node cannot start or go on, in words that tell the user what to do.
package enum DaemonError: Error, Hashable, Sendable {
    case stateDirectory(path: String, reason: String)
    case stateDirectoryInUse(path: String)
    /// What was left of it is in the file `setAside`.
    case stateDamaged(path: String, setAside: String)
    case stateOfNewerVersion(path: String)
    case missingCapability
    /// The process cannot become what it should be.
    case process(String)
    case overlayOverlapsRoute(range: IPPrefix, route: IPPrefix)
    case noFreeOverlay
    case otherMesh(stored: String, given: String)
    case overlayDiffers(token: String, setting: String)
    case joinWithoutSecret
    case interfaceTaken(name: String, kind: String)
    /// No implementation: `program` if the user chose one.
    case wireguardMissing(program: String?)
    case wireguard(String)
    case wireguardPortInUse(UInt16)
    case cannotListen(ListenError)
    case noSuchInterface(String)
    case localSocket(String)
    case webPages(String)
    case network(String)
    case internalFault(String)
}

extension DaemonError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .stateDirectory(let path, let reason):
            "cannot use \(path): \(reason); name another folder with --state-dir"
        case .stateDirectoryInUse(let path):
            "another weft node uses the state in \(path): stop it, or give this one another --interface (or --state-dir)"
        case .stateDamaged(let path, let setAside):
            "the file with this node's identity, \(path), was damaged, and so was its copy; what was left is in \(setAside): restore the file from a backup, or start over as a new node with --init"
        case .stateOfNewerVersion(let path):
            "\(path) was written by a newer version of weft: install that one, or start over as a new node with --init"
        case .missingCapability:
            "weft needs the capability CAP_NET_ADMIN to set up its network interface: run it with sudo, or give it to the program with `setcap cap_net_admin+ep`"
        case .process(let reason):
            reason
        case .overlayOverlapsRoute(let range, let route):
            "the overlay range \(range) overlaps \(route), which this machine routes already: choose another range for the whole mesh with --overlay-net"
        case .noFreeOverlay:
            "every range that a new mesh would choose overlaps a network that this machine routes: choose one with --overlay-net"
        case .otherMesh(let stored, let given):
            "this node is in mesh \(stored) already, and was told to join mesh \(given): leave the first with `weft leave`, or start over with --init"
        case .overlayDiffers(let token, let setting):
            "the token's mesh uses the overlay \(token), and --overlay-net says \(setting): it must be the same on all nodes, so leave --overlay-net away"
        case .joinWithoutSecret:
            "a host alone is not enough to join: give the mesh's secret with --cluster-key as well, or a join token (`weft token` on a member prints one)"
        case .interfaceTaken(let name, let kind):
            "the interface \(name) exists already (kind: \(kind)) and is not this node's: remove it, or choose another name with --interface"
        case .wireguardMissing(nil):
            "this kernel has no WireGuard, and no userspace implementation is installed: load the module (`modprobe wireguard`), or install the package wireguard-go"
        case .wireguardMissing(let program?):
            "\(program) is not installed, or not in PATH: install it, or choose another implementation with --wireguard"
        case .wireguard(let reason):
            reason
        case .wireguardPortInUse(let port):
            "port \(port)/udp is in use by another program: choose another one with --wireguard-port"
        case .cannotListen(.addressInUse(let address)):
            "\(ListenError.addressInUse(address)): stop that program, or choose another port with --cluster-port"
        case .cannotListen(let error):
            "\(error): choose another address with --bind-addr or --bind-iface, or leave both away to listen on all"
        case .noSuchInterface(let name):
            "there is no interface \(name) with an address to listen on: see `ip address` and --bind-iface"
        case .localSocket(let reason):
            reason
        case .webPages(let reason):
            reason
        case .network(let reason):
            reason
        case .internalFault(let reason):
            "internal fault, please report it: \(reason)"
        }
    }
}

extension DaemonError {
    /// In words for the user, whatever part of the network it was.
    init(_ error: any Error, wireguardPort: UInt16 = 0) {
        switch error {
        case let error as DaemonError: self = error
        case let error as ListenError: self = .cannotListen(error)
        case let error as LinuxNetworkError: self.init(error, wireguardPort: wireguardPort)
        case let error as UserspaceWireGuardError: self = .wireguard("\(error)")
        default: self = .network("\(error)")
        }
    }

    private init(_ error: LinuxNetworkError, wireguardPort: UInt16) {
        switch error.kind {
        case .permissionDenied: self = .missingCapability
        case .portInUse: self = .wireguardPortInUse(wireguardPort)
        case .nameTaken(let owner): self = .interfaceTaken(name: error.interface ?? "", kind: owner ?? "unknown")
        case .notSupported, .alreadyExists, .noSuchInterface, .invalid, .overflow, .timedOut, .other: self = .network("\(error)")
        }
    }
}
