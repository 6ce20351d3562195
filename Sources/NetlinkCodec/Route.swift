import CLinux
import IPAddresses

/// One next hop of a unicast route in the main table, as rtnetlink shows it (rtnetlink(7), `RTM_NEWROUTE`).
package struct Route: Hashable, Sendable {
    /// Where the route leads, host bits zero; `0.0.0.0/0` or `::/0` for the default route.
    package var prefix: IPPrefix
    /// `nil` where the kernel names a next-hop object only.
    package var interface: InterfaceIndex?
    /// `nil` if the destination is on the link. It may be an IPv6 address for an IPv4 route (`RTA_VIA`).
    package var gateway: IPAddress?
    /// Lower is better (`RTA_PRIORITY`).
    package var metric: UInt32
    /// Who made the route (`RTPROT_…`): 2 kernel, 3 boot, 4 static, 16 DHCP.
    package var origin: UInt8

    package var isDefault: Bool { prefix.length == 0 }

    package init(prefix: IPPrefix, interface: InterfaceIndex?, gateway: IPAddress? = nil, metric: UInt32 = 0, origin: UInt8 = 4) {
        self.prefix = prefix
        self.interface = interface
        self.gateway = gateway
        self.metric = metric
        self.origin = origin
    }
}

extension Route {
    /// Size of `struct rtmsg`.
    static let headerLength = 12
    /// Size of `struct rtnexthop`.
    private static let nextHopLength = 8

    /// The next hops in `RTM_NEWROUTE` or `RTM_DELROUTE`: none for other messages, families, tables and types, and for cached
    /// routes; several for a multipath route.
    package static func parse(_ message: NetlinkMessage) throws(NetlinkCodecError) -> [Route] {
        guard message.type == RTM_NEWROUTE || message.type == RTM_DELROUTE else { return [] }
        let header = try Header(message.payload)
        let attributes = try message.attributes(after: headerLength)
        let table = try attributes.first(RTA_TABLE.rawValue)?.number(UInt32.self) ?? UInt32(header.table)
        guard let family = IPAddress.Family(kernel: header.family), table == RT_TABLE_MAIN.rawValue,
            Int(header.type) == RTN_UNICAST, header.flags & UInt32(RTM_F_CLONED) == 0
        else { return [] }
        let destination = try attributes.first(RTA_DST.rawValue)?.address(family) ?? IPAddress(family: family, value: 0)
        guard let prefix = IPPrefix(destination, length: Int(header.length))?.network else {
            throw .badAttribute(UInt16(RTA_DST.rawValue))
        }
        let route = Route(
            prefix: prefix, interface: try attributes.first(RTA_OIF.rawValue).map(interface), gateway: try gateway(attributes, family),
            metric: try attributes.first(RTA_PRIORITY.rawValue)?.number(UInt32.self) ?? 0, origin: header.origin)
        guard let multipath = attributes.first(RTA_MULTIPATH.rawValue) else { return [route] }
        return try nextHops(multipath.payload, of: route)
    }

    /// `struct rtmsg`.
    private struct Header {
        let family: UInt8
        let length: UInt8
        let table: UInt8
        let origin: UInt8
        let type: UInt8
        let flags: UInt32

        init(_ payload: ArraySlice<UInt8>) throws(NetlinkCodecError) {
            var reader = ByteReader(payload)
            family = try reader.number(UInt8.self)
            length = try reader.number(UInt8.self)
            _ = try reader.take(2)
            table = try reader.number(UInt8.self)
            origin = try reader.number(UInt8.self)
            _ = try reader.take(1)
            type = try reader.number(UInt8.self)
            flags = try reader.number(UInt32.self)
        }
    }

    private static func interface(_ attribute: NetlinkAttribute) throws(NetlinkCodecError) -> InterfaceIndex {
        InterfaceIndex(rawValue: try attribute.number(Int32.self))
    }

    private static func gateway(
        _ attributes: [NetlinkAttribute], _ family: IPAddress.Family
    ) throws(NetlinkCodecError) -> IPAddress? {
        if let gateway = attributes.first(RTA_GATEWAY.rawValue) { return try gateway.address(family) }
        guard let via = attributes.first(RTA_VIA.rawValue) else { return nil }
        // struct rtvia: family, address
        var reader = ByteReader(via.payload)
        guard let viaFamily = IPAddress.Family(kernel: try reader.number(UInt16.self)) else { return nil }
        return IPAddress(bytes: try reader.take(viaFamily.byteCount))
    }

    /// A run of `struct rtnexthop` (length, flags, hops, interface), each with attributes of its own.
    private static func nextHops(_ bytes: ArraySlice<UInt8>, of route: Route) throws(NetlinkCodecError) -> [Route] {
        var routes: [Route] = []
        var rest = bytes
        while !rest.isEmpty {
            var reader = ByteReader(rest)
            let length = Int(try reader.number(UInt16.self))
            _ = try reader.take(2)
            let index = try reader.number(Int32.self)
            guard length >= nextHopLength else { throw .badLength }
            let attributes = try NetlinkAttribute.parse(try reader.take(length - nextHopLength))
            var hop = route
            hop.interface = InterfaceIndex(rawValue: index)
            hop.gateway = try gateway(attributes, route.prefix.family)
            routes.append(hop)
            rest = rest.dropFirst(length.netlinkAligned)
        }
        return routes
    }

    /// One dump for each family: `AF_UNSPEC` would include multicast and MPLS routes. The main table only, which older kernels
    /// overlook; answered with `ENOENT` while the table does not exist.
    package static func dumpRequest(_ family: IPAddress.Family) -> NetlinkRequest {
        var payload = header(family: family.kernelNumber, length: 0, origin: 0, scope: 0, type: UInt8(RTN_UNICAST))
        payload.attribute(RTA_TABLE.rawValue, number: RT_TABLE_MAIN.rawValue)
        return NetlinkRequest(type: RTM_GETROUTE, flags: NLM_F_DUMP, payload: payload)
    }

    /// A route of the main table to `prefix` over the interface, without gateway. Answered with `EEXIST` if there is one to this
    /// prefix with this metric, over whatever interface.
    package static func addRequest(_ route: Route) -> NetlinkRequest {
        let scope = route.gateway == nil && route.prefix.family == .ipv4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE
        var payload = header(
            family: route.prefix.family.kernelNumber, length: UInt8(clamping: route.prefix.length), origin: route.origin,
            scope: UInt8(truncatingIfNeeded: scope.rawValue), type: UInt8(RTN_UNICAST))
        append(route, to: &payload)
        return NetlinkRequest(type: RTM_NEWROUTE, flags: NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, payload: payload)
    }

    /// Whoever made the route and whatever its scope. Answered with `ESRCH` if there is none.
    package static func removeRequest(_ route: Route) -> NetlinkRequest {
        var payload = header(
            family: route.prefix.family.kernelNumber, length: UInt8(clamping: route.prefix.length), origin: 0,
            scope: UInt8(truncatingIfNeeded: RT_SCOPE_NOWHERE.rawValue), type: UInt8(RTN_UNICAST))
        append(route, to: &payload)
        return NetlinkRequest(type: RTM_DELROUTE, flags: NLM_F_ACK, payload: payload)
    }

    private static func append(_ route: Route, to payload: inout NetlinkPayload) {
        payload.attribute(RTA_DST.rawValue, route.prefix.network.address.bytes)
        if let interface = route.interface { payload.attribute(RTA_OIF.rawValue, number: interface.rawValue) }
        if let gateway = route.gateway, gateway.family == route.prefix.family {
            payload.attribute(RTA_GATEWAY.rawValue, gateway.bytes)
        }
        if route.metric != 0 { payload.attribute(RTA_PRIORITY.rawValue, number: route.metric) }
    }

    /// `struct rtmsg`: family, lengths of destination and source, TOS, table, protocol, scope, type, flags.
    private static func header(family: UInt8, length: UInt8, origin: UInt8, scope: UInt8, type: UInt8) -> NetlinkPayload {
        var payload = NetlinkPayload()
        for byte in [family, length, 0, 0, UInt8(truncatingIfNeeded: RT_TABLE_MAIN.rawValue), origin, scope, type] {
            payload.append(byte)
        }
        payload.append(UInt32(0))
        return payload
    }
}
