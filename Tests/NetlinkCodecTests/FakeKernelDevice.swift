import CLinux
import IPAddresses
import NetlinkCodec
import WireGuard

/// Carries out `WG_CMD_SET_DEVICE` requests as the kernel does (drivers/net/wireguard/netlink.c, `wg_set_device`).
struct FakeKernelDevice {
    var privateKey: [UInt8]?
    var listenPort: UInt16?
    var peers: [WireGuardPublicKey: PeerState] = [:]
    /// What was done, in order.
    var log: [String] = []

    mutating func set(_ request: NetlinkRequest) throws {
        let payload = request.payload[...]
        for attribute in try NetlinkAttribute.parse(payload.dropFirst(4)) {
            switch UInt32(attribute.type) {
            case WGDEVICE_A_PRIVATE_KEY.rawValue:
                privateKey = Array(attribute.payload)
                log.append("key")
            case WGDEVICE_A_LISTEN_PORT.rawValue:
                listenPort = try attribute.number(UInt16.self)
                log.append("port")
            case WGDEVICE_A_PEERS.rawValue:
                for peer in try attribute.nested() { try setPeer(try peer.nested()) }
            default: continue
            }
        }
    }

    private mutating func setPeer(_ attributes: [NetlinkAttribute]) throws {
        guard let bytes = attributes.first(WGPEER_A_PUBLIC_KEY.rawValue)?.payload, let key = WireGuardPublicKey(bytes: bytes) else {
            return
        }
        let flags = try attributes.first(WGPEER_A_FLAGS.rawValue)?.number(UInt32.self) ?? 0
        if flags & WGPEER_F_REMOVE_ME.rawValue != 0 {
            log.append("remove")
            peers[key] = nil
            return
        }
        if flags & WGPEER_F_UPDATE_ONLY.rawValue != 0, peers[key] == nil { return }
        log.append("peer")
        var peer = peers.removeValue(forKey: key) ?? PeerState()
        if flags & WGPEER_F_REPLACE_ALLOWEDIPS.rawValue != 0 { peer.allowedIPs = [] }
        if let psk = attributes.first(WGPEER_A_PRESHARED_KEY.rawValue) { peer.presharedKey = WireGuardPresharedKey(bytes: psk.payload) }
        if let keepalive = attributes.first(WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL.rawValue) {
            peer.keepaliveSeconds = try keepalive.number(UInt16.self)
        }
        if let endpoint = attributes.first(WGPEER_A_ENDPOINT.rawValue)?.payload { peer.endpoint = Self.endpoint(Array(endpoint)) }
        for item in try attributes.first(WGPEER_A_ALLOWEDIPS.rawValue)?.nested() ?? [] {
            if let prefix = try Self.prefix(try item.nested()) { peer.allowedIPs.insert(prefix) }
        }
        peers[key] = peer
    }

    private static func endpoint(_ bytes: [UInt8]) -> SocketAddress? {
        let address = bytes.count == 16 ? IPAddress(bytes: bytes[4..<8]) : IPAddress(bytes: bytes[8..<24])
        return address.map { SocketAddress($0, port: UInt16(bytes[2]) << 8 | UInt16(bytes[3])) }
    }

    private static func prefix(_ attributes: [NetlinkAttribute]) throws -> IPPrefix? {
        guard let address = attributes.first(WGALLOWEDIP_A_IPADDR.rawValue).flatMap({ IPAddress(bytes: $0.payload) }),
            let length = try attributes.first(WGALLOWEDIP_A_CIDR_MASK.rawValue)?.number(UInt8.self)
        else { return nil }
        return IPPrefix(address, length: Int(length))
    }
}
