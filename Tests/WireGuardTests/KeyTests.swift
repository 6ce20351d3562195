import Testing

@testable import WireGuard

@Suite struct KeyTests {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
    func base64HasTheVectorsOfRFC4648(plain: String, encoded: String) {
        #expect(Base64.encode(plain.utf8) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
    }

    @Test(arguments: ["Z", "Zg=", "Zg", "Zh==", "Zm9=", "====", "Zg==Zg==", "Zm 9v", "Zm-v", "Z==="])
    func base64RefusesWhatIsNotCanonical(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test func keysHave32Bytes() {
        #expect(WireGuardPublicKey(bytes: [UInt8](repeating: 0, count: 31)) == nil)
        #expect(WireGuardPublicKey(bytes: [UInt8](repeating: 0, count: 33)) == nil)
        #expect(WireGuardPublicKey(bytes: [UInt8](repeating: 0, count: 32)) != nil)
    }

    @Test func secretsNeverPrintThemselves() throws {
        let key = try #require(WireGuardPresharedKey(bytes: [UInt8](repeating: 0xab, count: 32)))
        let holder = PeerChange(publicKey: try #require(WireGuardPublicKey(bytes: [UInt8](repeating: 1, count: 32))), presharedKey: key)
        var dumped = ""
        dump(holder, to: &dumped)
        for text in ["\(key)", String(reflecting: key), "\(holder)", String(reflecting: DeviceChange.setPeer(holder)), dumped] {
            #expect(!text.contains("171"))
            #expect(text.contains("(secret)"))
        }
    }
}
