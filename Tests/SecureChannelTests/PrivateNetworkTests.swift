import SecureChannel
import Testing
import WeftTestKit

@Suite struct PrivateNetworkTests {
    let key: PrivateNetworkKey

    init() throws {
        key = try #require(PrivateNetworkKey(bytes: Vector.privateNetworkKey))
    }

    private func cipher(nonce: [UInt8] = Vector.privateNetworkNonce) throws -> PrivateNetworkCipher {
        try PrivateNetworkCipher(key: key, nonce: nonce)
    }

    @Test func `golden vector, whole and in pieces of every size`() throws {
        let zeros = [UInt8](repeating: 0, count: Vector.keyStream.count)
        for size in 1...zeros.count {
            var cipher = try cipher()
            var sent: [UInt8] = []
            for start in stride(from: 0, to: zeros.count, by: size) { sent += cipher.encrypt(Array(zeros[start...].prefix(size))) }
            #expect(sent == Vector.privateNetworkNonce + Vector.keyStream)
        }
    }

    @Test func `both ends, dripped`() throws {
        var sender = try cipher()
        var receiver = try cipher(nonce: [UInt8](repeating: 9, count: 24))
        let plain = SeededGenerator(seed: 1).copyOfBytes(1000)
        var received: [UInt8] = []
        for byte in sender.encrypt(plain) { received += receiver.decrypt([byte]) }
        #expect(received == plain)
        #expect(sender.decrypt(receiver.encrypt([1, 2, 3])) == [1, 2, 3])
    }

    @Test func `random pieces agree with one piece`() throws {
        var random = SeededGenerator(seed: testSeed("pnet"))
        for _ in 0..<200 {
            let plain = random.bytes(Int.random(in: 0...2000, using: &random))
            var whole = try cipher()
            var pieces = try cipher()
            var receiver = try cipher()
            var sent = pieces.encrypt([])
            var rest = plain[...]
            while !rest.isEmpty {
                let size = Int.random(in: 0...150, using: &random)
                sent += pieces.encrypt(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            #expect(sent == whole.encrypt(plain))
            var received: [UInt8] = []
            var wire = sent[...]
            while !wire.isEmpty {
                let size = Int.random(in: 1...150, using: &random)
                received += receiver.decrypt(Array(wire.prefix(size)))
                wire = wire.dropFirst(size)
            }
            #expect(received == plain)
        }
    }

    @Test func `the caller's array is not changed`() throws {
        var cipher = try cipher()
        let plain: [UInt8] = [1, 2, 3]
        _ = cipher.encrypt(plain)
        #expect(cipher.encrypt(plain) != plain)
        #expect(plain == [1, 2, 3])
    }

    @Test func `refuses wrong sizes`() {
        #expect(PrivateNetworkKey(bytes: [1]) == nil)
        #expect(throws: PrivateNetworkError.invalidNonce) { try PrivateNetworkCipher(key: key, nonce: [1]) }
    }

    @Test func `never prints the secret`() throws {
        let cipher = try cipher()
        var dumped = ""
        dump(cipher, to: &dumped)
        dump(key, to: &dumped)
        #expect("\(key) \(cipher)" == "(secret) (secret)")
        #expect(!dumped.contains("7"))
    }
}

extension SeededGenerator {
    func copyOfBytes(_ count: Int) -> [UInt8] {
        var copy = self
        return copy.bytes(count)
    }
}
