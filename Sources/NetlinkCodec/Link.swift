import CLinux

/// A network interface as rtnetlink shows it (rtnetlink(7), `RTM_NEWLINK`).
package struct Link: Hashable, Sendable {
    package var index: InterfaceIndex
    package var name: String
    /// The driver's name for virtual interfaces: `wireguard`, `bridge`, `tun`; `nil` for hardware and for loopback.
    package var kind: String?
    package var mtu: UInt32
    /// `IFF_UP`: an administrator's wish, not whether there is a carrier.
    package var isUp: Bool

    package init(index: InterfaceIndex, name: String, kind: String? = nil, mtu: UInt32, isUp: Bool) {
        self.index = index
        self.name = name
        self.kind = kind
        self.mtu = mtu
        self.isUp = isUp
    }

    /// The kind of the kernel's WireGuard interfaces.
    package static let wireGuardKind = "wireguard"

    /// Whether the kernel takes it as the name of an interface: 1 to 15 bytes, no `/`, `:` or white space, not `.` or `..`
    /// (`dev_valid_name`). Control and other non-ASCII bytes are refused too.
    package static func isValidName(_ name: String) -> Bool {
        (1..<Int(weft_ifnamsiz)).contains(name.utf8.count) && name != "." && name != ".."
            && name.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":") }
    }
}

extension Link {
    /// Size of `struct ifinfomsg`.
    static let headerLength = 16

    /// From `RTM_NEWLINK` or `RTM_DELLINK`; `nil` for other messages and for notices of a bridge about its ports (`AF_BRIDGE`).
    package init?(_ message: NetlinkMessage) throws(NetlinkCodecError) {
        guard message.type == RTM_NEWLINK || message.type == RTM_DELLINK else { return nil }
        var reader = ByteReader(message.payload)
        let family = try reader.number(UInt32.self).nativeBytes[0]
        guard family == weft_af_unspec else { return nil }
        index = InterfaceIndex(rawValue: try reader.number(Int32.self))
        isUp = try reader.number(UInt32.self) & weft_iff_up != 0
        let attributes = try message.attributes(after: Self.headerLength)
        name = try attributes.required(IFLA_IFNAME).text
        mtu = try attributes.first(IFLA_MTU)?.number(UInt32.self) ?? 0
        kind = try attributes.first(IFLA_LINKINFO)?.nested().first(IFLA_INFO_KIND)?.text
    }

    package static func dumpRequest() -> NetlinkRequest {
        NetlinkRequest(type: RTM_GETLINK, flags: NLM_F_DUMP, payload: header())
    }

    package static func getRequest(name: String) -> NetlinkRequest {
        var payload = header()
        payload.attribute(IFLA_IFNAME, text: name)
        return NetlinkRequest(type: RTM_GETLINK, flags: NLM_F_ACK, payload: payload)
    }

    /// Answered with `EEXIST` if the name is taken and with `EOPNOTSUPP` if the kernel does not know the kind.
    package static func createRequest(name: String, kind: String = wireGuardKind) -> NetlinkRequest {
        var payload = header()
        payload.attribute(IFLA_IFNAME, text: name)
        payload.nested(IFLA_LINKINFO) { $0.attribute(IFLA_INFO_KIND, text: kind) }
        return NetlinkRequest(type: RTM_NEWLINK, flags: NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, payload: payload)
    }

    package static func deleteRequest(_ index: InterfaceIndex) -> NetlinkRequest {
        NetlinkRequest(type: RTM_DELLINK, flags: NLM_F_ACK, payload: header(index))
    }

    package static func setMTURequest(_ index: InterfaceIndex, mtu: UInt32) -> NetlinkRequest {
        var payload = header(index)
        payload.attribute(IFLA_MTU, number: mtu)
        return NetlinkRequest(type: RTM_NEWLINK, flags: NLM_F_ACK, payload: payload)
    }

    package static func setUpRequest(_ index: InterfaceIndex, isUp: Bool) -> NetlinkRequest {
        let payload = header(index, flags: isUp ? weft_iff_up : 0, change: weft_iff_up)
        return NetlinkRequest(type: RTM_NEWLINK, flags: NLM_F_ACK, payload: payload)
    }

    /// `struct ifinfomsg`: family and type 0, the interface, its flags, which of them to change.
    private static func header(_ index: InterfaceIndex? = nil, flags: UInt32 = 0, change: UInt32 = 0) -> NetlinkPayload {
        var payload = NetlinkPayload()
        payload.append(UInt32(weft_af_unspec))
        payload.append(index?.rawValue ?? 0)
        payload.append(flags)
        payload.append(change)
        return payload
    }
}
