import IPAddresses
import Mesh
import Multiformats
import Timeline
import WeftTestKit
import WireGuard

/// Records of members, and what nodes tell each other of them.
enum Members {
    private static let overlay = try? OverlayRanges([IPPrefix("10.42.0.0/16")].compactMap { $0 })

    private static func record(_ number: UInt64) -> SealedRecord? {
        let identity = Stack.identity(number + 20)
        var random = SeededGenerator(seed: number)
        guard let name = NodeName("host-\(number)"), let key = WireGuardPublicKey(bytes: random.bytes(32)) else { return nil }
        return try? NodeRecord(
            peer: identity.peerID, sequence: 1, name: name, nameClaimedAtMillis: 1, wireguardKey: key,
            addresses: [AddressClaim(address: IPAddress(family: .ipv4, value: 0x0a2a_0001), claimedAtMillis: 1)], wireguardPort: 1,
            endpoints: [], peeringAddresses: [], lease: .seconds(3600), software: "fuzz"
        ).sealed(by: identity)
    }

    static var envelopes: [[UInt8]] { (0..<2).compactMap { record($0)?.envelope } }

    static func records(_ bytes: [UInt8]) {
        if let sealed = try? SealedRecord.open(bytes) { check(sealed.envelope.count <= RecordLimits.maximumEnvelopeLength) }
    }

    static func snapshot(_ bytes: [UInt8]) { _ = MeshSnapshot(decoding: bytes, elapsed: .seconds(1)) }

    static var tokens: [[UInt8]] {
        guard let overlay, let secret = MeshSecret(bytes: [UInt8](repeating: 7, count: 32)) else { return [] }
        return [Array(JoinToken(secret: secret, overlay: overlay, bootstrap: []).text.utf8)]
    }

    static func token(_ bytes: [UInt8]) {
        guard let token = try? JoinToken(String(decoding: bytes, as: UTF8.self)) else { return }
        check((try? JoinToken(token.text)) != nil)
    }

    /// Two partners, of whom one hears what he said and gossips, too.
    static func sync(_ bytes: [UInt8]) {
        guard let overlay, let name = NodeName("host-0"), let key = WireGuardPublicKey(bytes: [UInt8](repeating: 1, count: 32)) else {
            return
        }
        var input = FuzzInput(bytes)
        let settings = ControlPlaneSettings(
            name: name, wireguardKey: key, wireguardPort: 1, overlay: overlay, lease: .seconds(3600), software: "fuzz")
        var plane = ControlPlane(identity: Stack.identity(30), settings: settings, restored: nil, now: .origin, wallClockMillis: 1)
        var now = Instant.origin
        let partners = [Stack.identity(31).peerID, Stack.identity(32).peerID]
        _ = plane.handle(.started, now: now, wallClockMillis: 1)
        for partner in partners { _ = plane.handle(.peerConnected(partner), now: now, wallClockMillis: 1) }
        while !input.isEmpty {
            let what = input.byte()
            now = now + .milliseconds(Int(what))
            let partner = partners[Int(what & 1)]
            switch what >> 1 & 7 {
            case 0: _ = plane.handle(.peerDisconnected(partner), now: now, wallClockMillis: 1)
            case 1: _ = plane.handle(.peerConnected(partner), now: now, wallClockMillis: 1)
            case 2: _ = plane.handle(.deadlineReached, now: now, wallClockMillis: 1)
            case 3: _ = plane.handle(.gossip(from: partner, input.chunk()), now: now, wallClockMillis: 1)
            default: _ = plane.handle(.syncMessage(from: partner, input.chunk()), now: now, wallClockMillis: 1)
            }
        }
    }
}
