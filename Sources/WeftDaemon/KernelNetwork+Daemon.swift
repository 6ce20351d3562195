import CLinux
import IPAddresses
import LinuxNetwork
import Mesh
import NetlinkCodec
import WireGuard

extension KernelNetwork {
    /// What the machine's own network looks like, apart from the mesh's interface.
    func surroundings(interface: String, overlay: OverlayRanges?) throws(DaemonError) -> LocalSurroundings {
        do {
            return LocalSurroundings(
                links: try links(), addresses: try addresses(), routes: try routes(), ownInterface: try link(named: interface)?.index,
                overlay: overlay?.prefixes ?? [])
        } catch {
            throw .network("\(error)")
        }
    }

    /// What a plan is made from.
    func observe(_ interface: String, device: (any WireGuardDevice)?) async throws -> ObservedNetwork {
        guard let link = try link(named: interface) else { return ObservedNetwork() }
        let addresses = try addresses().filter { $0.interface == link.index }
        let routes = try routes().filter { $0.interface == link.index }
        return ObservedNetwork(
            link: .init(mtu: Int(link.mtu), isUp: link.isUp), addresses: Set(addresses.map(\.prefix)),
            routes: Set(routes.map { .init($0.prefix, isKernelMade: $0.isKernelMade) }), device: try await device?.observe())
    }

    /// Carries out a change of link, address or route.
    func apply(_ change: NetworkChange, to interface: String) throws {
        guard let index = try link(named: interface)?.index else {
            throw LinuxNetworkError(.noSuchInterface, call: "change interface", interface: interface)
        }
        switch change {
        case .createInterface, .device: break  // the WireGuard device's own
        case .setMTU(let mtu): try setMTU(index, to: UInt32(clamping: mtu))
        case .removeAddress(let prefix): try removeAddress(prefix, from: index)
        case .addAddress(let prefix): try addAddress(prefix, to: index)
        case .setUp: try setUp(index)
        case .removeRoute(let prefix): try removeRoute(to: prefix, over: index)
        case .addRoute(let prefix): try addRoute(to: prefix, over: index)
        }
    }

    /// Whether the interface exists and is the one that this node left behind, by its key. Any other of the name is an error.
    func isLeftBehind(_ name: String, by ours: WireGuardPublicKey) async throws(DaemonError) -> Bool {
        do {
            guard let link = try link(named: name) else { return false }
            let device = link.kind == Link.wireGuardKind ? try await KernelWireGuardDevice.open(interface: name, network: self) : nil
            guard try await device?.observe().publicKey == ours else {
                throw DaemonError.interfaceTaken(name: name, kind: link.kind ?? "hardware")
            }
            return true
        } catch {
            throw DaemonError(error)
        }
    }

    /// Addresses of an interface that can be listened on; none if there is no such interface.
    func addresses(ofInterface name: String) throws(DaemonError) -> [IPAddress] {
        do {
            guard let index = try link(named: name)?.index else { return [] }
            return try addresses().filter { $0.interface == index && !$0.prefix.address.isLinkLocal }.map(\.prefix.address)
        } catch {
            throw .network("\(error)")
        }
    }
}

extension Route {
    var isKernelMade: Bool { origin == UInt8(RTPROT_KERNEL) }
}
