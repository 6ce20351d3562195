import CLinux
import Glibc
import NIOCore
import NetlinkCodec
import WireGuard

/// A WireGuard interface of the kernel, over generic netlink. Pinned on the event loop of the `KernelNetwork` it belongs to.
///
/// It holds on to the interface's index: when somebody deletes the interface and makes another of that name, this one is gone.
package actor KernelWireGuardDevice: WireGuardDevice {
    package nonisolated let implementation = "kernel"
    package nonisolated let interface: String
    package nonisolated let index: InterfaceIndex
    package nonisolated var unownedExecutor: UnownedSerialExecutor { network.unownedExecutor }
    private nonisolated let network: KernelNetwork
    private var port: NetlinkPort
    private var family: GenericFamily?

    private init(_ link: Link, network: KernelNetwork) {
        self.interface = link.name
        self.index = link.index
        self.network = network
        self.port = NetlinkPort(protocol: NETLINK_GENERIC, limits: network.limits)
    }

    /// Creates the interface, which is down and has no address. Errors: see `KernelNetwork.createWireGuardLink`.
    package static func create(interface: String, network: KernelNetwork) async throws(LinuxNetworkError) -> KernelWireGuardDevice {
        KernelWireGuardDevice(try await network.createWireGuardLink(name: interface), network: network)
    }

    /// Takes over a WireGuard interface that is there. Throws `noSuchInterface`, or `nameTaken` if it is of another kind.
    package static func open(interface: String, network: KernelNetwork) async throws(LinuxNetworkError) -> KernelWireGuardDevice {
        let call = "open WireGuard interface"
        guard let link = try await network.link(named: interface) else {
            throw LinuxNetworkError(.noSuchInterface, call: call, interface: interface)
        }
        guard link.kind == Link.wireGuardKind else {
            throw LinuxNetworkError(.nameTaken(owner: link.kind), call: call, interface: interface)
        }
        return KernelWireGuardDevice(link, network: network)
    }

    package func observe() async throws(LinuxNetworkError) -> DeviceState {
        let family = try resolvedFamily()
        let request = WireGuardDump.request(family: family, index: index)
        let empty = WireGuardDump(family: family, limits: network.limits)
        return try forgettingFamily { () throws(LinuxNetworkError) in
            try port.dump(request, into: empty, call: "read WireGuard interface", interface: interface) {
                dump, message throws(NetlinkCodecError) in try dump.add(message)
            }
        }.state
    }

    package func apply(_ changes: [DeviceChange]) async throws(LinuxNetworkError) {
        let requests = WireGuardBatches.requests(for: changes, family: try resolvedFamily(), index: index, limits: network.limits)
        try forgettingFamily { () throws(LinuxNetworkError) in
            for request in requests { try port.request(request, call: "configure WireGuard interface", interface: interface) }
        }
    }

    package func remove() async {
        // The protocol has no error here: what cannot be deleted stays, and shows when it is created again.
        try? await network.deleteLink(index)
    }

    private func resolvedFamily() throws(LinuxNetworkError) -> GenericFamily {
        if let family { return family }
        let call = "find the kernel's WireGuard for interface"
        let answer: [NetlinkMessage]
        do throws(LinuxNetworkError) {
            answer = try port.request(GenericFamily.resolveRequest(name: GenericFamily.wireGuardName), call: call, interface: interface)
        } catch let error where error.errno == ENOENT {
            throw LinuxNetworkError(.notSupported, call: call, interface: interface, errno: error.errno)
        }
        let found = answer.lazy.compactMap { try? GenericFamily($0) }.first
        guard let found else { throw LinuxNetworkError(.invalid, call: call, interface: interface) }
        family = found
        return found
    }

    /// After an error the number may be an old one: the module was loaded anew.
    private func forgettingFamily<Result>(
        _ body: () throws(LinuxNetworkError) -> Result
    ) throws(LinuxNetworkError) -> Result {
        do throws(LinuxNetworkError) {
            return try body()
        } catch {
            family = nil
            throw error
        }
    }
}
