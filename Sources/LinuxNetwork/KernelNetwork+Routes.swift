import Glibc
import IPAddresses
import NetlinkCodec

extension KernelNetwork {
    /// The unicast routes of the main table, both families. A multipath route appears once for each next hop.
    package func routes() throws(LinuxNetworkError) -> [Route] {
        try routes(.ipv4) + routes(.ipv6)
    }

    private func routes(_ family: IPAddress.Family) throws(LinuxNetworkError) -> [Route] {
        do throws(LinuxNetworkError) {
            return try routePort.dump(Route.dumpRequest(family), into: [], call: "list routes") { list, message throws(NetlinkCodecError) in
                list += try Route.parse(message)
            }
        } catch let error where error.errno == ENOENT || error.errno == EAFNOSUPPORT || error.errno == EOPNOTSUPP {
            // The table comes into being with its first route; a kernel may lack IPv6.
            return []
        }
    }

    /// Adds a route over the interface, which must be up. Nothing happens if it is there already, whoever made it.
    ///
    /// Throws `alreadyExists` if the prefix is routed elsewhere with the same metric.
    package func addRoute(to prefix: IPPrefix, over index: InterfaceIndex, metric: UInt32 = 0) throws(LinuxNetworkError) {
        let route = Route(prefix: prefix.network, interface: index, metric: metric)
        let call = "add route to \(route.prefix) over interface"
        do throws(LinuxNetworkError) {
            try routePort.request(Route.addRequest(route), call: call, interface: "#\(index)")
        } catch let error where error.errno == EEXIST {
            guard try routes(prefix.family).contains(where: { $0.prefix == route.prefix && $0.interface == index && $0.gateway == nil })
            else { throw error }
        } catch let error where error.errno == EACCES && prefix.family == .ipv6 {
            var error = error
            error.kind = .notSupported
            throw error
        }
    }

    /// Removes the route to the prefix over the interface, whoever made it. Nothing happens if there is none.
    package func removeRoute(to prefix: IPPrefix, over index: InterfaceIndex, metric: UInt32 = 0) throws(LinuxNetworkError) {
        let route = Route(prefix: prefix.network, interface: index, metric: metric)
        let call = "remove route to \(route.prefix) over interface"
        do throws(LinuxNetworkError) {
            try routePort.request(Route.removeRequest(route), call: call, interface: "#\(index)")
        } catch let error where error.errno == ESRCH || error.errno == ENODEV {
            return
        }
    }
}
