import CLinux

/// The number that the running kernel gave to a generic netlink family. Another after the module was loaded anew.
package struct GenericFamily: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// Size of `struct genlmsghdr`.
    static let headerLength = 4

    /// `WG_GENL_NAME`.
    package static let wireGuardName = "wireguard"

    /// Asks for a family's number (`CTRL_CMD_GETFAMILY`); the kernel loads the module if it can. Answered with `ENOENT` if there is none.
    package static func resolveRequest(name: String) -> NetlinkRequest {
        var payload = header(command: CTRL_CMD_GETFAMILY, version: 1)
        payload.attribute(CTRL_ATTR_FAMILY_NAME, text: name)
        return NetlinkRequest(type: GENL_ID_CTRL, flags: NLM_F_ACK, payload: payload)
    }

    /// From the answer to `resolveRequest`; `nil` for other messages.
    package init?(_ message: NetlinkMessage) throws(NetlinkCodecError) {
        guard Int(message.type) == Int(GENL_ID_CTRL) else { return nil }
        let attributes = try message.attributes(after: Self.headerLength)
        rawValue = try attributes.required(CTRL_ATTR_FAMILY_ID).number(UInt16.self)
    }

    /// `struct genlmsghdr`: command, version, reserved.
    static func header(command: some BinaryInteger, version: UInt8) -> NetlinkPayload {
        var payload = NetlinkPayload()
        payload.append(UInt8(truncatingIfNeeded: command))
        payload.append(version)
        payload.append(UInt16(0))
        return payload
    }
}
