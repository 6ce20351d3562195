import Crypto
import IPAddresses
import Multiformats
import Secrets
import WireGuard

/// The secret that all nodes of a mesh share: 32 bytes. Also the key of the libp2p private network. It never prints itself.
package struct MeshSecret: Hashable, Sendable, RedactedSecret {
    package static let byteCount = 32
    package let bytes: [UInt8]

    /// `nil` unless there are 32 bytes.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = Array(bytes)
    }

    /// From a *cluster key*: the secret in base64, as both ancestors take it. Space around it does not matter.
    package init?(clusterKey: String) {
        guard clusterKey.utf8.count <= 128 else { return nil }
        let text = clusterKey.drop(while: \.isWhitespace)
        let end = text.lastIndex { !$0.isWhitespace }.map(text.index(after:)) ?? text.startIndex
        guard let bytes = Base64.decode(String(text[..<end])) else { return nil }
        self.init(bytes: bytes)
    }

    /// The secret in base64. Secret itself.
    package var clusterKey: String { Base64.encode(bytes) }

    /// Tells meshes apart in logs: 8 characters, from which nothing of the secret can be found.
    package var fingerprint: String {
        Base32.encode(derive(.fingerprint, byteCount: 5))
    }

    /// By which members of the mesh find each other on one link: 32 hexadecimal digits, from which nothing of the secret can be found.
    package var discoveryLabel: String {
        derive(.discovery, byteCount: 16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// What is derived from the secret. The labels keep the derivations apart: knowing one result says nothing of another.
private enum Derivation: String {
    case presharedKey = "weft-preshared-key-1"
    case overlayIPv6 = "weft-overlay-ipv6-1"
    case overlayIPv4 = "weft-overlay-ipv4-1"
    case fingerprint = "weft-fingerprint-1"
    case discovery = "weft-discovery-1"
}

extension MeshSecret {
    /// HKDF-SHA256 (RFC 5869) without salt; `info` is the label, then `context`.
    private func derive(_ derivation: Derivation, context: [UInt8] = [], byteCount: Int) -> [UInt8] {
        let key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: bytes), info: Array(derivation.rawValue.utf8) + context, outputByteCount: byteCount)
        return key.withUnsafeBytes { Array($0) }
    }

    /// The preshared key of a pair of nodes, whichever of the two is named first.
    package func presharedKey(between one: WireGuardPublicKey, and other: WireGuardPublicKey) -> WireGuardPresharedKey {
        let context = min(one, other).bytes + max(one, other).bytes
        guard let key = WireGuardPresharedKey(bytes: derive(.presharedKey, context: context, byteCount: WireGuardPublicKey.byteCount))
        else {
            preconditionFailure("HKDF returns as many bytes as it is asked for")
        }
        return key
    }

    /// How many different IPv4 ranges `defaultOverlay` can offer: 10.0.0.0/16 to 10.255.0.0/16.
    package static let overlayAttempts = 256

    /// The overlay ranges of a mesh that sets none: an IPv6 ULA /64 (RFC 4193), the same for every attempt, and a /16 out of
    /// 10.0.0.0/8, another one for each attempt from 0 to `overlayAttempts - 1`.
    package func defaultOverlay(attempt: Int) -> OverlayRanges {
        OverlayRanges(derivedIPv4: defaultIPv4(attempt: attempt), ipv6: defaultIPv6)
    }

    /// The first of the default overlays that no route overlaps. A family of which every range is taken is left out; `nil` if both are.
    package func defaultOverlay(avoiding routes: [IPPrefix]) -> OverlayRanges? {
        func isFree(_ range: IPPrefix) -> Bool { !routes.contains { $0.length > 0 && $0.overlaps(range) } }
        let ipv4 = (0..<Self.overlayAttempts).lazy.compactMap(defaultIPv4).first(where: isFree)
        let ipv6 = defaultIPv6.flatMap { isFree($0) ? $0 : nil }
        return ipv4 == nil && ipv6 == nil ? nil : OverlayRanges(derivedIPv4: ipv4, ipv6: ipv6)
    }

    private var defaultIPv6: IPPrefix? {
        let globalAndSubnetID = derive(.overlayIPv6, byteCount: 7).reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        return IPPrefix(IPAddress(family: .ipv6, value: UInt128(0xfd) << 120 | globalAndSubnetID << 64), length: 64)
    }

    /// Steps of an odd width visit all 256 ranges before one comes again.
    private func defaultIPv4(attempt: Int) -> IPPrefix? {
        let derived = derive(.overlayIPv4, byteCount: 2)
        let second = derived[0] &+ UInt8(truncatingIfNeeded: attempt) &* (derived[1] | 1)
        return IPPrefix(IPAddress(family: .ipv4, value: UInt128(10) << 24 | UInt128(second) << 16), length: 16)
    }
}
