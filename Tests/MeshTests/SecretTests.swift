import IPAddresses
import Testing
import WireGuard

@testable import Mesh

@Suite struct SecretTests {
    @Test func clusterKeyRoundTrips() throws {
        let text = secret().clusterKey
        #expect(MeshSecret(clusterKey: "  \(text)\n") == secret())
        for bad in ["", " ", "AAAA", text + "A", String(text.dropLast()), String(repeating: "A", count: 4096)] {
            #expect(MeshSecret(clusterKey: bad) == nil)
        }
    }

    @Test func presharedKeysDependOnThePairAloneAndOnTheSecret() {
        let keys = (0..<3).map(wireguardKey)
        let key = secret().presharedKey(between: keys[0], and: keys[1])
        #expect(key == secret().presharedKey(between: keys[1], and: keys[0]))
        #expect(key != secret().presharedKey(between: keys[0], and: keys[2]))
        #expect(key != secret(43).presharedKey(between: keys[0], and: keys[1]))
    }

    @Test func keptPresharedKeysAreTheDerivedOnes() {
        var keys = PresharedKeys(secret: secret(), ownKey: wireguardKey(0))
        for peer in [1, 2, 1] {
            let derived = secret().presharedKey(between: wireguardKey(0), and: wireguardKey(peer))
            #expect(keys.key(with: wireguardKey(peer)) == derived)
        }
        #expect(keys.kept.count == 2)
    }

    @Test func presharedKeysOfFormerPeersAreForgotten() {
        var keys = PresharedKeys(secret: secret(), ownKey: wireguardKey(0))
        for peer in 1...66 { _ = keys.key(with: wireguardKey(peer)) }
        keys.tidy(keeping: { $0 == wireguardKey(1) }, count: 1)
        #expect(keys.kept.count == 66, "few are not worth the work")
        _ = keys.key(with: wireguardKey(67))
        keys.tidy(keeping: { $0 == wireguardKey(1) }, count: 1)
        #expect(Set(keys.kept.keys) == [wireguardKey(1)])
    }

    /// Computed independently from RFC 5869 with HMAC-SHA256.
    @Test func derivationsHaveTheirVectors() throws {
        #expect(
            Base64.encode(secret().presharedKey(between: wireguardKey(1), and: wireguardKey(2)).bytes)
                == "qLE989l/NbTWpuBN14/nzQvFV74CXWYPwl1oVlwkrQU=")
        #expect(secret().fingerprint == "sceijga7")
        #expect(secret().defaultOverlay(attempt: 0).description == "10.217.0.0/16, fd2b:b751:526d:3683::/64")
    }

    @Test func eachAttemptOffersAnotherIPv4Range() throws {
        let overlays = (0..<MeshSecret.overlayAttempts).map { secret().defaultOverlay(attempt: $0) }
        #expect(Set(overlays.map(\.ipv4)).count == MeshSecret.overlayAttempts)
        #expect(Set(overlays.map(\.ipv6)).count == 1)
        for overlay in overlays {
            #expect(try #require(overlay.ipv4).length == 16 && prefix("10.0.0.0/8").contains(#require(overlay.ipv4)))
            #expect(try #require(overlay.ipv6).length == 64 && prefix("fd00::/8").contains(#require(overlay.ipv6)))
            #expect(throws: Never.self) { try OverlayRanges(overlay.prefixes) }
        }
    }

    @Test func avoidsWhatTheHostRoutes() throws {
        let first = secret().defaultOverlay(attempt: 0)
        let taken = try #require(first.ipv4)
        #expect(secret().defaultOverlay(avoiding: [prefix("0.0.0.0/0"), prefix("::/0")]) == first)
        #expect(secret().defaultOverlay(avoiding: [taken]) == secret().defaultOverlay(attempt: 1))
        let withoutIPv4 = try #require(secret().defaultOverlay(avoiding: [prefix("10.0.0.0/8")]))
        #expect(withoutIPv4.ipv4 == nil && withoutIPv4.ipv6 == first.ipv6)
        #expect(secret().defaultOverlay(avoiding: [prefix("10.0.0.0/8"), prefix("fc00::/7")]) == nil)
    }

    @Test func neverPrints() throws {
        let token = JoinToken(secret: secret(), overlay: secret().defaultOverlay(attempt: 0), bootstrap: [])
        var dumped = ""
        dump([secret()], to: &dumped)
        dump(token, to: &dumped)
        for text in ["\(secret())", String(reflecting: secret()), "\(token)", String(reflecting: token), dumped] {
            #expect(text.contains("(secret)"))
            #expect(!text.contains("42") && !text.contains("weft1"))
        }
    }
}
