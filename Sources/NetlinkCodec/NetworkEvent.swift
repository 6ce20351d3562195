import CLinux

/// What changed in the kernel's network, as rtnetlink's multicast groups tell it.
package enum NetworkEvent: Hashable, Sendable {
    /// An interface appeared or changed, or is gone.
    case linkChanged(name: String, index: InterfaceIndex, gone: Bool)
    /// An address was added to the interface, changed or removed.
    case addressChanged(InterfaceIndex)
    /// Unicast routes of the main table were added or removed.
    case routesChanged
    /// Events were lost: read everything again.
    case overflow
}

extension NetworkEvent {
    /// The multicast groups to join (`enum rtnetlink_groups`).
    package static let groups: [UInt32] = [
        RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
    ].map(\.rawValue)

    /// `nil` for what is none of the daemon's business.
    package init?(_ message: NetlinkMessage) throws(NetlinkCodecError) {
        switch Int(message.type) {
        case RTM_NEWLINK, RTM_DELLINK:
            guard let link = try Link(message) else { return nil }
            self = .linkChanged(name: link.name, index: link.index, gone: message.type == RTM_DELLINK)
        case RTM_NEWADDR, RTM_DELADDR:
            guard let address = try InterfaceAddress(message) else { return nil }
            self = .addressChanged(address.interface)
        case RTM_NEWROUTE, RTM_DELROUTE:
            guard try !Route.parse(message).isEmpty else { return nil }
            self = .routesChanged
        case Int(NLMSG_OVERRUN): self = .overflow
        default: return nil
        }
    }

    /// The events in a datagram of notifications, in order, each once. A datagram that is no netlink is as good as lost: `overflow`.
    package static func parse(_ datagram: ArraySlice<UInt8>) -> [NetworkEvent] {
        do throws(NetlinkCodecError) {
            var events: [NetworkEvent] = []
            for message in try NetlinkMessage.parse(datagram) {
                if let event = try NetworkEvent(message), !events.contains(event) { events.append(event) }
            }
            return events
        } catch {
            return [.overflow]
        }
    }
}
