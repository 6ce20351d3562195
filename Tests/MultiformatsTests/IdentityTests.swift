import Crypto
import Multiformats
import Testing
import WeftTestKit

@Suite struct IdentityTests {
    @Test func `golden vector`() throws {
        let identity = try Identity(seed: Vector.seed)
        #expect(identity.seed == Vector.seed)
        #expect(identity.publicKey.data == Vector.publicKey)
        #expect(identity.publicKey.protobuf == Vector.publicKeyProtobuf)
        #expect(identity.peerID.bytes == Vector.peerID)
        #expect(try identity.sign(Vector.pubsubSigned) == Vector.pubsubSignature)
        #expect(identity.publicKey.isValidSignature(Vector.pubsubSignature, for: Vector.pubsubSigned))
    }

    @Test func `reads stored private keys in both lengths`() throws {
        #expect(try Identity(privateKeyProtobuf: Vector.privateKeyProtobuf).seed == Vector.seed)
        let old = hex("08011260") + Vector.seed + Vector.publicKey + Vector.publicKey
        #expect(try Identity(privateKeyProtobuf: old).seed == Vector.seed)
    }

    @Test func `refuses broken private keys`() {
        #expect(throws: KeyError.invalidKey) { try Identity(seed: [1, 2, 3]) }
        var wrong = Vector.privateKeyProtobuf
        wrong[40] ^= 1
        #expect(throws: KeyError.invalidKey) { try Identity(privateKeyProtobuf: wrong) }
        #expect(throws: KeyError.unsupportedKind) { try Identity(privateKeyProtobuf: hex("0802120101")) }
        #expect(throws: KeyError.malformed) { try Identity(privateKeyProtobuf: []) }
        #expect(throws: KeyError.malformed) { try Identity(privateKeyProtobuf: [UInt8](repeating: 0, count: 300)) }
    }

    @Test func `never prints itself`() throws {
        let identity = try Identity(seed: Vector.seed)
        var dumped = ""
        dump(identity, to: &dumped)
        for text in ["\(identity)", String(reflecting: identity), dumped] { #expect(text.contains("secret") && !text.contains("31")) }
    }
}

@Suite struct PublicKeyTests {
    @Test func `one serialization per key`() throws {
        #expect(try PublicKey(protobuf: Vector.publicKeyProtobuf).data == Vector.publicKey)
        let swapped = hex("1220") + Vector.publicKey + hex("0801")
        let padded = hex("0881001220") + Vector.publicKey
        let extended = Vector.publicKeyProtobuf + hex("1801")
        for bytes in [swapped, padded, extended] { #expect(throws: KeyError.notCanonical) { try PublicKey(protobuf: bytes) } }
    }

    @Test func `refuses what is no key`() {
        for bytes in [[], hex("0801"), hex("1200"), hex("08051200"), Array(Vector.publicKeyProtobuf.dropLast())] {
            #expect(throws: KeyError.malformed) { try PublicKey(protobuf: bytes) }
        }
        #expect(throws: KeyError.invalidKey) { try PublicKey(protobuf: hex("0801120101")) }
        #expect(throws: KeyError.invalidKey) { try PublicKey(protobuf: hex("0803120101")) }
        #expect(throws: KeyError.invalidKey) { try PublicKey(ed25519: []) }
        #expect(throws: KeyError.malformed) { try PublicKey(protobuf: [UInt8](repeating: 8, count: PublicKey.maximumByteCount + 1)) }
    }

    @Test func `verifies secp256k1`() throws {
        let key = try publicKey(kind: 2, Vector.secp256k1Key)
        #expect(key.kind == .secp256k1)
        #expect(key.peerID.description == Vector.secp256k1PeerID)
        #expect(key.peerID.publicKey == key)
        for signature in Vector.secp256k1Signatures {
            #expect(key.isValidSignature(signature, for: Array("weft".utf8)))
            #expect(!key.isValidSignature(signature, for: Array("warp".utf8)))
            for index in signature.indices {
                var altered = signature
                altered[index] ^= 0x10
                #expect(!key.isValidSignature(altered, for: Array("weft".utf8)))
            }
        }
        #expect(!key.isValidSignature([], for: []))
    }

    @Test func `refuses what is no point of secp256k1`() {
        let bytes = Vector.secp256k1Key
        let ofNoPoint = bytes.dropLast() + [bytes[32] ^ 1]
        for key in [Array(ofNoPoint), [4] + bytes.dropFirst(), Array(bytes.dropLast()), bytes + [0]] {
            #expect(throws: KeyError.invalidKey) { try publicKey(kind: 2, key) }
        }
    }

    @Test func `verifies RSA`() throws {
        let key = try publicKey(kind: 0, Vector.rsaKey)
        #expect(key.kind == .rsa)
        #expect(key.peerID.bytes == Vector.rsaPeerID)
        #expect(key.isValidSignature(Vector.rsaSignature, for: Array("weft".utf8)))
        #expect(!key.isValidSignature(Vector.rsaSignature, for: Array("warp".utf8)))
        for signature in Vector.otherRSASignatures + [[], [1], Vector.rsaSignature + [0]] {
            #expect(!key.isValidSignature(signature, for: Array("weft".utf8)))
        }
        for index in Vector.rsaSignature.indices {
            var altered = Vector.rsaSignature
            altered[index] ^= 0x10
            #expect(!key.isValidSignature(altered, for: Array("weft".utf8)))
        }
    }

    /// Verifying takes the longer the longer the key is.
    @Test func `bounds the length of RSA keys`() throws {
        func key(_ bitCount: Int) throws -> PublicKey {
            let modulus = [UInt8(1 << ((bitCount - 1) % 8))] + [UInt8](repeating: 1, count: (bitCount + 7) / 8 - 1)
            let numbers = der(0x30, der(0x02, (modulus[0] > 0x7f ? [0] : []) + modulus) + der(0x02, [1, 0, 1]))
            return try publicKey(kind: 0, der(0x30, hex("300d06092a864886f70d0101010500") + der(0x03, [0] + numbers)))
        }
        for bitCount in [2048, 4096, 8192] { #expect(try key(bitCount).kind == .rsa) }
        for bitCount in [1024, 2047, 8193, 12_000] { #expect(throws: KeyError.invalidKey) { try key(bitCount) } }
    }

    @Test func `takes an RSA key in one form`() {
        // RSASSA-PSS in the place of rsaEncryption.
        var other = Vector.rsaKey
        other[16] = 0x0a
        for bytes in [other, Vector.rsaKey + [0], Array(Vector.rsaKey.dropLast()), [0x30]] {
            #expect(throws: KeyError.invalidKey) { try publicKey(kind: 0, bytes) }
        }
    }

    @Test func `verifies ECDSA P-256`() throws {
        let key = try PublicKey(protobuf: hex("0803125b") + Vector.p256Key)
        #expect(key.kind == .ecdsa)
        #expect(key.peerID.bytes == Vector.p256PeerID)
        #expect(key.isValidSignature(Vector.p256Signature, for: Array("weft".utf8)))
        #expect(!key.isValidSignature(Vector.p256Signature, for: Array("warp".utf8)))
        #expect(!key.isValidSignature([1, 2, 3], for: Array("weft".utf8)))
    }

    @Test func `refuses altered signatures`() throws {
        let key = try PublicKey(ed25519: Vector.publicKey)
        for index in Vector.pubsubSignature.indices {
            var signature = Vector.pubsubSignature
            signature[index] ^= 0x10
            #expect(!key.isValidSignature(signature, for: Vector.pubsubSigned))
        }
        #expect(!key.isValidSignature([], for: Vector.pubsubSigned))
    }

    /// Signing and verifying are two libraries' work: a third opinion on what one of them makes and the other takes.
    @Test func `takes and refuses what swift-crypto does`() throws {
        var generator = SeededGenerator(seed: testSeed("takesWhatSwiftCryptoDoes"))
        for length in [0, 1, 31, 32, 63, 64, 65, 127, 128, 1000] {
            let key = try Curve25519.Signing.PrivateKey(rawRepresentation: generator.bytes(32))
            let (message, publicKey) = (generator.bytes(length), try PublicKey(ed25519: Array(key.publicKey.rawRepresentation)))
            let signature = Array(try key.signature(for: message))
            #expect(publicKey.isValidSignature(signature, for: message))
            #expect(!publicKey.isValidSignature(signature, for: message + [0]))
            for _ in 0..<20 {
                var altered = signature
                altered[Int.random(in: 0..<64, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                #expect(publicKey.isValidSignature(altered, for: message) == key.publicKey.isValidSignature(altered, for: message))
            }
        }
    }

    /// Anybody could sign for such a key.
    @Test func `refuses keys of small order`() throws {
        let key = try PublicKey(ed25519: [1] + [UInt8](repeating: 0, count: 31))
        let signature = [1] + [UInt8](repeating: 0, count: 63)
        #expect(!key.isValidSignature(signature, for: Vector.pubsubSigned))
    }
}

/// From what is marshalled.
private func publicKey(kind: UInt8, _ data: [UInt8]) throws -> PublicKey {
    try PublicKey(protobuf: [8, kind, 0x12] + Varint.encode(UInt64(data.count)) + data)
}

/// One ASN.1 value of more or less than 128 bytes.
private func der(_ tag: UInt8, _ contents: [UInt8]) -> [UInt8] {
    let count = contents.count
    return [tag] + (count < 128 ? [UInt8(count)] : [0x82, UInt8(count >> 8), UInt8(count & 0xff)]) + contents
}
