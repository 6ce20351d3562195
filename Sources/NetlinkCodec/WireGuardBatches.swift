import CLinux
import IPAddresses
import WireGuard

/// Turns changes into as few `WG_CMD_SET_DEVICE` requests as fit `NetlinkLimits.requestBytes`, in the order of the changes.
///
/// The kernel carries out what concerns the device before the peers of the same request, so a change of the device that comes after
/// peers starts a new request. A peer whose allowed IPs do not fit goes on in the next one, where nothing is replaced.
package struct WireGuardBatches {
    private let family: GenericFamily
    private let index: InterfaceIndex
    private let limit: Int
    private var requests: [NetlinkRequest] = []
    private var device = NetlinkPayload()
    private var peers = NetlinkPayload()

    package static func requests(
        for changes: [DeviceChange], family: GenericFamily, index: InterfaceIndex, limits: NetlinkLimits = NetlinkLimits()
    ) -> [NetlinkRequest] {
        var batches = WireGuardBatches(family: family, index: index, limit: limits.requestBytes)
        for change in changes { batches.add(change) }
        batches.flush()
        return batches.requests
    }

    private init(family: GenericFamily, index: InterfaceIndex, limit: Int) {
        self.family = family
        self.index = index
        self.limit = limit
    }

    private mutating func add(_ change: DeviceChange) {
        switch change {
        case .setPrivateKey(let key): setDevice(WGDEVICE_A_PRIVATE_KEY, key.bytes)
        case .setListenPort(let port): setDevice(WGDEVICE_A_LISTEN_PORT, port.nativeBytes)
        case .setPeer(let peer): setPeer(peer)
        case .removePeer(let key): append(Self.peer(key, flags: WGPEER_F_REMOVE_ME), [])
        }
    }

    /// One attribute to a request: which of two the kernel would carry out first is its own affair.
    private mutating func setDevice(_ attribute: wgdevice_attribute, _ value: [UInt8]) {
        if !peers.isEmpty || !device.isEmpty { flush() }
        device.attribute(attribute.rawValue, value)
    }

    private mutating func setPeer(_ change: PeerChange) {
        var attributes = Self.peer(change.publicKey, flags: change.allowedIPs == nil ? nil : WGPEER_F_REPLACE_ALLOWEDIPS)
        if let key = change.presharedKey { attributes.attribute(WGPEER_A_PRESHARED_KEY.rawValue, key.bytes) }
        if let endpoint = change.endpoint { attributes.attribute(WGPEER_A_ENDPOINT.rawValue, endpoint.kernelBytes) }
        if let seconds = change.keepaliveSeconds {
            attributes.attribute(WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL.rawValue, number: seconds)
        }
        var rest = (change.allowedIPs ?? []).sorted()[...]
        rest = append(attributes, rest)
        while !rest.isEmpty {
            flush()
            // If somebody removed the peer meanwhile, half of it must not come back.
            rest = append(Self.peer(change.publicKey, flags: WGPEER_F_UPDATE_ONLY), rest)
        }
    }

    private static func peer(_ key: WireGuardPublicKey, flags: wgpeer_flag?) -> NetlinkPayload {
        var attributes = NetlinkPayload()
        attributes.attribute(WGPEER_A_PUBLIC_KEY.rawValue, key.bytes)
        if let flags { attributes.attribute(WGPEER_A_FLAGS.rawValue, number: flags.rawValue) }
        return attributes
    }

    /// Adds a peer with as many of the allowed IPs as fit and returns the others. Starts a new request if not even one fits.
    @discardableResult
    private mutating func append(_ attributes: NetlinkPayload, _ allowedIPs: ArraySlice<IPPrefix>) -> ArraySlice<IPPrefix> {
        let first = allowedIPs.first.map { NetlinkAttribute.headerLength + Self.size(of: $0) } ?? 0
        if !peers.isEmpty, room < NetlinkAttribute.headerLength + attributes.count + first { flush() }
        var peer = attributes
        let (list, rest) = Self.list(allowedIPs, room: room - 2 * NetlinkAttribute.headerLength - attributes.count)
        if !list.isEmpty { peer.nested(WGPEER_A_ALLOWEDIPS.rawValue, list) }
        peers.nested(0, peer)
        return rest
    }

    private static func list(_ allowedIPs: ArraySlice<IPPrefix>, room: Int) -> (NetlinkPayload, ArraySlice<IPPrefix>) {
        var list = NetlinkPayload()
        var rest = allowedIPs
        while let prefix = rest.first, list.count + size(of: prefix) <= room {
            rest = rest.dropFirst()
            list.nested(0) {
                $0.attribute(WGALLOWEDIP_A_FAMILY.rawValue, number: UInt16(prefix.family.kernelNumber))
                $0.attribute(WGALLOWEDIP_A_IPADDR.rawValue, prefix.network.address.bytes)
                $0.attribute(WGALLOWEDIP_A_CIDR_MASK.rawValue, number: UInt8(clamping: prefix.length))
            }
        }
        return (list, rest)
    }

    /// Bytes of one allowed IP: the nest, then family, address and mask with a header each.
    private static func size(of prefix: IPPrefix) -> Int {
        4 * NetlinkAttribute.headerLength + 4 + prefix.family.byteCount + 4
    }

    /// Bytes that are left in the current request.
    private var room: Int {
        let fixed = NetlinkMessage.headerLength + GenericFamily.headerLength + 8 + NetlinkAttribute.headerLength
        return limit - fixed - device.count - peers.count
    }

    private mutating func flush() {
        guard !device.isEmpty || !peers.isEmpty else { return }
        var payload = GenericFamily.header(command: WG_CMD_SET_DEVICE.rawValue, version: weft_wg_genl_version)
        payload.attribute(WGDEVICE_A_IFINDEX.rawValue, number: index.rawValue)
        payload.append(device)
        if !peers.isEmpty { payload.nested(WGDEVICE_A_PEERS.rawValue, peers) }
        requests.append(NetlinkRequest(type: family.rawValue, flags: NLM_F_ACK, payload: payload))
        device = NetlinkPayload()
        peers = NetlinkPayload()
    }
}
