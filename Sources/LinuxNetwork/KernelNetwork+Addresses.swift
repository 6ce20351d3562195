import Glibc
import IPAddresses
import NetlinkCodec

extension KernelNetwork {
    /// The addresses of all interfaces, loopback included.
    package func addresses() throws(LinuxNetworkError) -> [InterfaceAddress] {
        try routePort.dump(InterfaceAddress.dumpRequest(), into: [], call: "list addresses") { list, message throws(NetlinkCodecError) in
            if let address = try InterfaceAddress(message) { list.append(address) }
        }
    }

    /// Adds the address; the kernel adds the route to its network while the interface is up. Nothing happens if the interface has it.
    ///
    /// Throws `alreadyExists` if the interface has the address with another prefix length (IPv6), `notSupported` if IPv6 is disabled.
    package func addAddress(_ prefix: IPPrefix, to index: InterfaceIndex) throws(LinuxNetworkError) {
        let request = InterfaceAddress.addRequest(prefix, to: index)
        do throws(LinuxNetworkError) {
            try routePort.request(request, call: "add address \(prefix) to interface", interface: "#\(index)")
        } catch let error where error.errno == EEXIST {
            guard try addresses().contains(where: { $0.interface == index && $0.prefix == prefix }) else { throw error }
        } catch let error where error.errno == EACCES && prefix.family == .ipv6 {
            // The kernel's way to say that IPv6 is disabled; a missing capability is EPERM.
            var error = error
            error.kind = .notSupported
            throw error
        }
    }

    /// Nothing happens if the interface has no such address. With an IPv4 address go those of the same network that were added after
    /// it, unless `promote_secondaries` is set.
    package func removeAddress(_ prefix: IPPrefix, from index: InterfaceIndex) throws(LinuxNetworkError) {
        let request = InterfaceAddress.removeRequest(prefix, from: index)
        do throws(LinuxNetworkError) {
            try routePort.request(request, call: "remove address \(prefix) from interface", interface: "#\(index)")
        } catch let error where error.errno == EADDRNOTAVAIL || error.errno == ENODEV {
            return
        }
    }
}
