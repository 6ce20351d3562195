import CLinux
import IPAddresses

/// An address of an interface as rtnetlink shows it (rtnetlink(7), `RTM_NEWADDR`).
package struct InterfaceAddress: Hashable, Sendable {
    /// How far an address is valid (`rtm_scope`).
    package enum Scope: Hashable, Sendable {
        case universe
        case site
        case link
        case host
        case other(UInt8)
    }

    package var interface: InterfaceIndex
    /// The own address and the length of the network that it lies in. On a point-to-point interface the length is that of `remote`.
    package var prefix: IPPrefix
    /// The other end of a point-to-point interface.
    package var remote: IPAddress?
    package var scope: Scope
    /// Not to be used for new connections (RFC 4862 section 5.5.4).
    package var isDeprecated: Bool
    /// Duplicate address detection is not over, or has failed: nothing can be bound to it.
    package var isTentative: Bool
    /// A privacy address that changes (RFC 8981). IPv6 only.
    package var isTemporary: Bool
    /// Without lifetime, as one that was set by hand.
    package var isPermanent: Bool

    package init(
        interface: InterfaceIndex, prefix: IPPrefix, remote: IPAddress? = nil, scope: Scope = .universe, isDeprecated: Bool = false,
        isTentative: Bool = false, isTemporary: Bool = false, isPermanent: Bool = true
    ) {
        self.interface = interface
        self.prefix = prefix
        self.remote = remote
        self.scope = scope
        self.isDeprecated = isDeprecated
        self.isTentative = isTentative
        self.isTemporary = isTemporary
        self.isPermanent = isPermanent
    }
}

extension InterfaceAddress.Scope {
    init(kernel number: UInt8) {
        switch UInt32(number) {
        case RT_SCOPE_UNIVERSE.rawValue: self = .universe
        case RT_SCOPE_SITE.rawValue: self = .site
        case RT_SCOPE_LINK.rawValue: self = .link
        case RT_SCOPE_HOST.rawValue: self = .host
        default: self = .other(number)
        }
    }
}

extension InterfaceAddress {
    /// Size of `struct ifaddrmsg`.
    static let headerLength = 8

    /// From `RTM_NEWADDR` or `RTM_DELADDR`; `nil` for other messages and families.
    package init?(_ message: NetlinkMessage) throws(NetlinkCodecError) {
        guard message.type == RTM_NEWADDR || message.type == RTM_DELADDR else { return nil }
        var reader = ByteReader(message.payload)
        let familyNumber = try reader.number(UInt8.self)
        let length = Int(try reader.number(UInt8.self))
        let shortFlags = try reader.number(UInt8.self)
        let scope = try reader.number(UInt8.self)
        let index = try reader.number(Int32.self)
        guard let family = IPAddress.Family(kernel: familyNumber) else { return nil }
        let attributes = try message.attributes(after: Self.headerLength)
        // IFA_ADDRESS is the other end on point-to-point interfaces, IFA_LOCAL always the own one (linux/if_addr.h).
        let address = try attributes.first(IFA_ADDRESS)?.address(family)
        let local = try attributes.first(IFA_LOCAL)?.address(family)
        guard let own = local ?? address else { throw .missingAttribute(UInt16(IFA_ADDRESS)) }
        guard let prefix = IPPrefix(own, length: length) else { throw .badAttribute(UInt16(IFA_ADDRESS)) }
        let flags = try attributes.first(IFA_FLAGS)?.number(UInt32.self) ?? UInt32(shortFlags)
        self.init(
            interface: InterfaceIndex(rawValue: index), prefix: prefix, remote: address == own ? nil : address,
            scope: Scope(kernel: scope),
            isDeprecated: flags & UInt32(IFA_F_DEPRECATED) != 0,
            isTentative: flags & UInt32(IFA_F_TENTATIVE | IFA_F_DADFAILED) != 0 && flags & UInt32(IFA_F_OPTIMISTIC) == 0,
            isTemporary: family == .ipv6 && flags & UInt32(IFA_F_TEMPORARY) != 0,
            isPermanent: flags & UInt32(IFA_F_PERMANENT) != 0)
    }

    package static func dumpRequest() -> NetlinkRequest {
        NetlinkRequest(type: RTM_GETADDR, flags: NLM_F_DUMP, payload: header(family: weft_af_unspec))
    }

    /// Answered with `EEXIST` if the interface has the address already (for IPv6 whatever its length). Without duplicate address
    /// detection: whoever gives out the addresses has seen to that, and the address can be used at once.
    package static func addRequest(_ prefix: IPPrefix, to interface: InterfaceIndex) -> NetlinkRequest {
        NetlinkRequest(type: RTM_NEWADDR, flags: NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, payload: payload(prefix, interface))
    }

    /// Answered with `EADDRNOTAVAIL` if the interface has no such address.
    package static func removeRequest(_ prefix: IPPrefix, from interface: InterfaceIndex) -> NetlinkRequest {
        NetlinkRequest(type: RTM_DELADDR, flags: NLM_F_ACK, payload: payload(prefix, interface))
    }

    private static func payload(_ prefix: IPPrefix, _ interface: InterfaceIndex) -> NetlinkPayload {
        let flags = prefix.family == .ipv6 ? IFA_F_NODAD : 0
        var payload = header(
            family: prefix.family.kernelNumber, length: UInt8(clamping: prefix.length), flags: UInt8(truncatingIfNeeded: flags),
            interface: interface)
        payload.attribute(IFA_LOCAL, prefix.address.bytes)
        payload.attribute(IFA_ADDRESS, prefix.address.bytes)
        return payload
    }

    /// `struct ifaddrmsg`: family, prefix length, flags, scope (universe), interface.
    private static func header(family: UInt8, length: UInt8 = 0, flags: UInt8 = 0, interface: InterfaceIndex? = nil) -> NetlinkPayload {
        var payload = NetlinkPayload()
        payload.append(family)
        payload.append(length)
        payload.append(flags)
        payload.append(UInt8(0))
        payload.append(interface?.rawValue ?? 0)
        return payload
    }
}
