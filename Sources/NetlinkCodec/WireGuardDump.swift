import CLinux
import IPAddresses
import WireGuard

/// Puts the messages of a `WG_CMD_GET_DEVICE` dump together.
///
/// A device with many peers comes in several messages, and a peer with many allowed IPs goes on in the next one, where only its key
/// and more allowed IPs are given (linux/wireguard.h). The private key is passed over.
package struct WireGuardDump: Sendable {
    package private(set) var state = DeviceState()
    private let family: GenericFamily
    private var peersLeft: Int
    private var allowedIPsLeft: Int

    package init(family: GenericFamily, limits: NetlinkLimits = NetlinkLimits()) {
        self.family = family
        self.peersLeft = limits.peersPerDevice
        self.allowedIPsLeft = limits.allowedIPsPerDevice
    }

    package static func request(family: GenericFamily, index: InterfaceIndex) -> NetlinkRequest {
        var payload = GenericFamily.header(command: WG_CMD_GET_DEVICE.rawValue, version: weft_wg_genl_version)
        payload.attribute(WGDEVICE_A_IFINDEX.rawValue, number: index.rawValue)
        return NetlinkRequest(type: family.rawValue, flags: NLM_F_DUMP, payload: payload)
    }

    /// Adds one message of the dump; messages of other families are passed over.
    package mutating func add(_ message: NetlinkMessage) throws(NetlinkCodecError) {
        guard message.type == family.rawValue else { return }
        for attribute in try message.attributes(after: GenericFamily.headerLength) {
            switch UInt32(attribute.type) {
            case WGDEVICE_A_PUBLIC_KEY.rawValue: state.publicKey = try key(attribute)
            case WGDEVICE_A_LISTEN_PORT.rawValue: state.listenPort = try attribute.number(UInt16.self)
            case WGDEVICE_A_PEERS.rawValue:
                for peer in try attribute.nested() { try addPeer(try peer.nested()) }
            default: continue
            }
        }
    }

    private mutating func addPeer(_ attributes: [NetlinkAttribute]) throws(NetlinkCodecError) {
        let publicKey = try key(try attributes.required(WGPEER_A_PUBLIC_KEY.rawValue))
        // Taken out and put back, so that the set of allowed IPs is not copied.
        var peer: PeerState
        if let known = state.peers.removeValue(forKey: publicKey) {
            peer = known
        } else {
            guard peersLeft > 0 else { throw .limitExceeded }
            peersLeft -= 1
            peer = PeerState()
        }
        for attribute in attributes { try apply(attribute, to: &peer) }
        state.peers[publicKey] = peer
    }

    private mutating func apply(_ attribute: NetlinkAttribute, to peer: inout PeerState) throws(NetlinkCodecError) {
        switch UInt32(attribute.type) {
        case WGPEER_A_PRESHARED_KEY.rawValue: peer.presharedKey = try presharedKey(attribute)
        case WGPEER_A_ENDPOINT.rawValue: peer.endpoint = try SocketAddress(kernel: attribute)
        case WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL.rawValue: peer.keepaliveSeconds = try attribute.number(UInt16.self)
        case WGPEER_A_LAST_HANDSHAKE_TIME.rawValue: peer.lastHandshake = try handshakeSeconds(attribute)
        case WGPEER_A_RX_BYTES.rawValue: peer.receivedBytes = try attribute.number(UInt64.self)
        case WGPEER_A_TX_BYTES.rawValue: peer.sentBytes = try attribute.number(UInt64.self)
        case WGPEER_A_ALLOWEDIPS.rawValue:
            for allowedIP in try attribute.nested() {
                guard allowedIPsLeft > 0 else { throw .limitExceeded }
                allowedIPsLeft -= 1
                peer.allowedIPs.insert(try IPPrefix(allowedIP: allowedIP))
            }
        default: return
        }
    }

    private func key(_ attribute: NetlinkAttribute) throws(NetlinkCodecError) -> WireGuardPublicKey {
        guard let key = WireGuardPublicKey(bytes: attribute.payload) else { throw .badAttribute(attribute.type) }
        return key
    }

    /// All zeros means that none is set.
    private func presharedKey(_ attribute: NetlinkAttribute) throws(NetlinkCodecError) -> WireGuardPresharedKey? {
        guard let key = WireGuardPresharedKey(bytes: attribute.payload) else { throw .badAttribute(attribute.type) }
        return attribute.payload.allSatisfy { $0 == 0 } ? nil : key
    }

    /// `struct __kernel_timespec`: seconds and nanoseconds, both zero before the first handshake.
    private func handshakeSeconds(_ attribute: NetlinkAttribute) throws(NetlinkCodecError) -> Int64? {
        guard attribute.payload.count == 16 else { throw .badAttribute(attribute.type) }
        let seconds = Int64(native: attribute.payload.prefix(8))
        return seconds == 0 ? nil : seconds
    }
}

extension IPPrefix {
    /// From `WGALLOWEDIP_A_…`, which the kernel gives with host bits zero.
    init(allowedIP: NetlinkAttribute) throws(NetlinkCodecError) {
        let attributes = try allowedIP.nested()
        let familyType = WGALLOWEDIP_A_FAMILY.rawValue
        let familyNumber = try attributes.required(familyType).number(UInt16.self)
        guard let family = IPAddress.Family(kernel: familyNumber) else { throw .badAttribute(UInt16(familyType)) }
        let address = try attributes.required(WGALLOWEDIP_A_IPADDR.rawValue).address(family)
        let mask = try attributes.required(WGALLOWEDIP_A_CIDR_MASK.rawValue)
        guard let prefix = IPPrefix(address, length: Int(try mask.number(UInt8.self))) else { throw .badAttribute(mask.type) }
        self = prefix
    }
}

extension SocketAddress {
    /// From `struct sockaddr_in` or `sockaddr_in6`; `nil` for other families. The zone of a link-local IPv6 address is lost.
    init?(kernel attribute: NetlinkAttribute) throws(NetlinkCodecError) {
        var reader = ByteReader(attribute.payload)
        guard let family = IPAddress.Family(kernel: try reader.number(UInt16.self)) else { return nil }
        let port = UInt16(bigEndian: try reader.number(UInt16.self))
        // sockaddr_in6 has the flow label before the address.
        if family == .ipv6 { _ = try reader.take(4) }
        guard let address = IPAddress(bytes: try reader.take(family.byteCount)) else { throw .badAttribute(attribute.type) }
        self.init(address, port: port)
    }

    /// `struct sockaddr_in` (16 bytes) or `sockaddr_in6` (28 bytes).
    package var kernelBytes: [UInt8] {
        let head = UInt16(address.family.kernelNumber).nativeBytes + port.bigEndian.nativeBytes
        switch address.family {
        case .ipv4: return head + address.bytes + Array(repeating: 0, count: 8)
        case .ipv6: return head + Array(repeating: 0, count: 4) + address.bytes + Array(repeating: 0, count: 4)
        }
    }
}
