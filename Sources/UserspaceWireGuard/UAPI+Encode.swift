import IPAddresses
import WireGuard

extension UAPI {
    package static var getRequest: [UInt8] { Array("get=1\n\n".utf8) }

    /// The requests that carry out `changes` in order. There may be several: a setting of the device
    /// cannot follow a peer in one request, and a request is bounded. None for no changes.
    package static func setRequests(for changes: [DeviceChange], limits: Limits = Limits()) -> [[UInt8]] {
        var requests: [[UInt8]] = []
        var request = SetRequest()
        for change in changes {
            if !request.takes(change, limits) {
                requests.append(request.finished)
                request = SetRequest()
            }
            request.append(change)
        }
        if !request.isEmpty { requests.append(request.finished) }
        return requests
    }
}

private struct SetRequest {
    private var text = Array("set=1\n".utf8)
    private var peers = 0
    private(set) var isEmpty = true

    var finished: [UInt8] { text + "\n".utf8 }

    func takes(_ change: DeviceChange, _ limits: UAPI.Limits) -> Bool {
        switch change {
        case .setPrivateKey, .setListenPort: peers == 0
        case .setPeer, .removePeer: isEmpty || peers < limits.peersPerRequest
        }
    }

    mutating func append(_ change: DeviceChange) {
        isEmpty = false
        switch change {
        case .setPrivateKey(let key): append("private_key", hex: key.bytes)
        case .setListenPort(let port): append("listen_port", "\(port)")
        case .setPeer(let peer): append(peer)
        case .removePeer(let key):
            peers += 1
            append("public_key", hex: key.bytes)
            append("remove", "true")
        }
    }

    private mutating func append(_ peer: PeerChange) {
        peers += 1
        append("public_key", hex: peer.publicKey.bytes)
        if let key = peer.presharedKey { append("preshared_key", hex: key.bytes) }
        if let endpoint = peer.endpoint { append("endpoint", "\(endpoint)") }
        if let seconds = peer.keepaliveSeconds { append("persistent_keepalive_interval", "\(seconds)") }
        guard let allowedIPs = peer.allowedIPs else { return }
        append("replace_allowed_ips", "true")
        for prefix in allowedIPs.sorted() { append("allowed_ip", "\(prefix)") }
    }

    private mutating func append(_ key: String, _ value: String) {
        text += "\(key)=\(value)\n".utf8
    }

    /// Straight to bytes: no `String` that holds a secret.
    private mutating func append(_ key: String, hex bytes: [UInt8]) {
        text += "\(key)=".utf8
        for byte in bytes {
            text.append(hexDigit(byte >> 4))
            text.append(hexDigit(byte & 15))
        }
        text.append(UInt8(ascii: "\n"))
    }
}

private func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}
