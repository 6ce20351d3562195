import IPAddresses
import WireGuard

extension UAPI {
    /// Whether `reply` is whole: an answer ends with an empty line.
    package static func isComplete(_ reply: [UInt8]) -> Bool {
        reply.suffix(2).elementsEqual("\n\n".utf8)
    }

    /// Reads the answer to `set=1`.
    package static func decodeSetReply(_ reply: [UInt8], limits: Limits = Limits()) throws(Fault) {
        var decoder = DumpDecoder(limits: limits)
        _ = try decoder.decode(reply)
    }

    /// Reads the answer to `get=1`. Unknown keys are skipped, as the protocol asks.
    package static func decodeDump(_ reply: [UInt8], limits: Limits = Limits()) throws(Fault) -> Dump {
        var decoder = DumpDecoder(limits: limits)
        return try decoder.decode(reply)
    }
}

private struct DumpDecoder {
    private typealias Fault = UAPI.Fault

    private let limits: UAPI.Limits
    private var dump = UAPI.Dump()
    private var peer: (key: WireGuardPublicKey, state: PeerState)?
    private var outcome: Int32?

    init(limits: UAPI.Limits) {
        self.limits = limits
    }

    mutating func decode(_ reply: [UInt8]) throws(UAPI.Fault) -> UAPI.Dump {
        guard reply.count <= limits.replyBytes else { throw .replyTooLong }
        var rest = reply[...]
        var number = 0
        while outcome == nil, let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            number += 1
            guard end - rest.startIndex <= limits.lineBytes else { throw .lineTooLong(line: number) }
            let line = rest[..<end]
            rest = rest[(end + 1)...]
            if line.isEmpty { break }
            try take(line, number)
        }
        try finishPeer()
        guard let outcome else { throw .incomplete }
        guard outcome == 0 else { throw .refused(errno: outcome) }
        return dump
    }

    private mutating func take(_ line: ArraySlice<UInt8>, _ number: Int) throws(UAPI.Fault) {
        guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { throw .malformed(line: number, key: "") }
        let key = String(decoding: line[..<equals], as: UTF8.self)
        let value = line[(equals + 1)...]
        let understood =
            switch key {
            case "public_key": try startPeer(value)
            case "errno": takeOutcome(value)
            case "private_key", "own_public_key", "listen_port": takeDeviceSetting(key, value)
            default: try takePeerProperty(key, value)
            }
        // The key only if it is one of ours: the text of a stranger does not belong in an error.
        guard understood else { throw .malformed(line: number, key: key) }
    }

    private mutating func takeOutcome(_ value: ArraySlice<UInt8>) -> Bool {
        guard let number = Int32(String(decoding: value, as: UTF8.self)) else { return false }
        // wireguard-go answers `-98` where the protocol's own example has `98`.
        outcome = number == .min ? .max : abs(number)
        return true
    }

    private mutating func takeDeviceSetting(_ key: String, _ value: ArraySlice<UInt8>) -> Bool {
        switch key {
        case "private_key":
            dump.privateKey = decodeHex(value).flatMap { WireGuardPrivateKey(bytes: $0) }
            return dump.privateKey != nil
        case "own_public_key":
            dump.state.publicKey = decodeHex(value).flatMap { WireGuardPublicKey(bytes: $0) }
            return dump.state.publicKey != nil
        default:
            guard let port = decimal(value, UInt16.self) else { return false }
            dump.state.listenPort = port
            return true
        }
    }

    private mutating func startPeer(_ value: ArraySlice<UInt8>) throws(UAPI.Fault) -> Bool {
        try finishPeer()
        guard let key = decodeHex(value).flatMap({ WireGuardPublicKey(bytes: $0) }) else { return false }
        peer = (key, dump.state.peers[key] ?? PeerState())
        return true
    }

    private mutating func finishPeer() throws(UAPI.Fault) {
        guard let peer else { return }
        dump.state.peers[peer.key] = peer.state
        self.peer = nil
        guard dump.state.peers.count <= limits.peers else { throw .tooManyPeers }
    }

    private mutating func takePeerProperty(_ key: String, _ value: ArraySlice<UInt8>) throws(UAPI.Fault) -> Bool {
        guard peer != nil else { return true }
        switch key {
        case "preshared_key": return takePresharedKey(value)
        case "endpoint":
            guard let endpoint = decodeEndpoint(value) else { return false }
            peer?.state.endpoint = endpoint
        case "allowed_ip": return try takeAllowedIP(value)
        case "persistent_keepalive_interval":
            guard let seconds = decimal(value, UInt16.self) else { return false }
            peer?.state.keepaliveSeconds = seconds
        case "last_handshake_time_sec":
            guard let seconds = decimal(value, Int64.self) else { return false }
            peer?.state.lastHandshake = seconds > 0 ? seconds : nil
        case "rx_bytes":
            guard let count = decimal(value, UInt64.self) else { return false }
            peer?.state.receivedBytes = count
        case "tx_bytes":
            guard let count = decimal(value, UInt64.self) else { return false }
            peer?.state.sentBytes = count
        default: break
        }
        return true
    }

    /// All zeros is how the protocol says that there is none.
    private mutating func takePresharedKey(_ value: ArraySlice<UInt8>) -> Bool {
        guard let bytes = decodeHex(value), let key = WireGuardPresharedKey(bytes: bytes) else { return false }
        peer?.state.presharedKey = bytes.allSatisfy { $0 == 0 } ? nil : key
        return true
    }

    private mutating func takeAllowedIP(_ value: ArraySlice<UInt8>) throws(UAPI.Fault) -> Bool {
        guard let prefix = IPPrefix(String(decoding: value, as: UTF8.self)) else { return false }
        peer?.state.allowedIPs.insert(prefix)
        guard (peer?.state.allowedIPs.count ?? 0) <= limits.allowedIPsPerPeer else { throw .tooManyAllowedIPs }
        return true
    }
}

private func decimal<Number: FixedWidthInteger>(_ value: ArraySlice<UInt8>, _: Number.Type) -> Number? {
    guard !value.isEmpty, value.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Number(String(decoding: value, as: UTF8.self))
}

/// `1.2.3.4:5` or `[fd00::1]:5`. A zone (`[fe80::1%eth0]:5`) is dropped, IPv4 in IPv6 is shown as IPv4.
private func decodeEndpoint(_ value: ArraySlice<UInt8>) -> SocketAddress? {
    var text = String(decoding: value, as: UTF8.self)
    if let percent = text.firstIndex(of: "%"), let bracket = text.lastIndex(of: "]"), percent < bracket {
        text.removeSubrange(percent..<bracket)
    }
    guard let endpoint = SocketAddress(text) else { return nil }
    return SocketAddress(endpoint.address.unmapped, port: endpoint.port)
}

private func decodeHex(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    guard text.count == 2 * WireGuardPublicKey.byteCount else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(WireGuardPublicKey.byteCount)
    var high: UInt8?
    for character in text {
        guard let digit = hexValue(character) else { return nil }
        if let first = high {
            bytes.append(first << 4 | digit)
            high = nil
        } else {
            high = digit
        }
    }
    return bytes
}

private func hexValue(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
    default: nil
    }
}
