import Multiformats
import Testing
import WeftTestKit

@Suite struct PeerIDTests {
    @Test func `golden vector`() throws {
        let id = try PeerID(bytes: Vector.peerID)
        #expect(id.description == Vector.peerIDBase58)
        #expect(try PeerID(Vector.peerIDBase58) == id)
        #expect(try PeerID(Vector.peerIDCID) == id)
        #expect(id.publicKey?.data == Vector.publicKey)
        #expect(try PublicKey(ed25519: Vector.publicKey).peerID == id)
    }

    @Test func `a hashed key has no key inside`() throws {
        let id = try PeerID("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N")
        #expect(id.bytes.count == 34)
        #expect(id.publicKey == nil)
        #expect(id.description == "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N")
    }

    @Test func `compares by bytes`() throws {
        let low = try PeerID(bytes: [0, 1, 1])
        let high = try PeerID(bytes: [0, 1, 2])
        #expect(low < high)
        #expect(!(high < low))
    }

    @Test func `limits of the inlined key`() throws {
        #expect(try PeerID(bytes: [0, 42] + [UInt8](repeating: 1, count: 42)).bytes.count == 44)
        for bytes in [
            [], [0], [0, 0], [0, 43] + [UInt8](repeating: 1, count: 43), [0, 3, 1], [0x12, 31] + [UInt8](repeating: 1, count: 31),
            [0x13, 1, 1],
        ] {
            #expect(throws: PeerIDError.invalidMultihash) { try PeerID(bytes: bytes as [UInt8]) }
        }
    }

    @Test func `refuses other text`() {
        for text in ["", "x", "1", "Qm", "b", "bafzaajai", "BAFZAAJAIAEJCAA5", "12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeS0"] {
            #expect(throws: PeerIDError.self, "\(text)") { try PeerID(text) }
        }
        #expect(throws: PeerIDError.invalidText) { try PeerID("1" + String(repeating: "2", count: 128)) }
    }
}
