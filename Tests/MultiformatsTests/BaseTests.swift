import Multiformats
import Testing
import WeftTestKit

@Suite struct BaseTests {
    @Test(arguments: [
        ("", ""), ("00", "1"), ("0000", "11"), ("61", "2g"), ("626262", "a3gV"),
        ("73696d706c792061206c6f6e6720737472696e67", "2cFupjhnEsSn59qHXstmK2ffpLv2"),
        ("00eb15231dfceb60925886b67d065299925915aeb172c06647", "1NS17iag9jJgTHD1VXjvLCEnZuQ3rJDE9L"),
    ])
    func `base58 vectors of Bitcoin`(bytes: String, text: String) {
        #expect(Base58.encode(hex(bytes)) == text)
        #expect(Base58.decode(text) == hex(bytes))
    }

    @Test func `base58 refuses foreign characters and long text`() {
        for text in ["0", "O", "I", "l", "a b", "é", "+"] { #expect(Base58.decode(text) == nil) }
        #expect(Base58.decode(String(repeating: "1", count: Base58.maximumTextLength)) != nil)
        #expect(Base58.decode(String(repeating: "1", count: Base58.maximumTextLength + 1)) == nil)
    }

    @Test(arguments: [
        ("", ""), ("f", "my"), ("fo", "mzxq"), ("foo", "mzxw6"), ("foob", "mzxw6yq"), ("fooba", "mzxw6ytb"), ("foobar", "mzxw6ytboi"),
    ])
    func `base32 vectors of RFC 4648`(plain: String, text: String) {
        #expect(Base32.encode(Array(plain.utf8)) == text)
        #expect(Base32.decode(text) == Array(plain.utf8))
    }

    @Test func `base32 is strict`() {
        for text in ["MY", "my======", "mz", "m", "mzx", "mzxw6y", "m1", "m y"] { #expect(Base32.decode(text) == nil, "\(text)") }
    }

    @Test func `random bytes survive`() {
        var random = SeededGenerator(seed: testSeed("bases"))
        for _ in 0..<2_000 {
            let bytes = random.bytes(Int.random(in: 0...60, using: &random))
            #expect(Base58.decode(Base58.encode(bytes)) == bytes)
            #expect(Base32.decode(Base32.encode(bytes)) == bytes)
        }
    }
}
