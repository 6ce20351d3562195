import Testing
import WeftTestKit

@testable import SecureChannel

@Suite struct NoiseSessionTests {
    @Test(arguments: [0, 1, 65518, 65519, 65520, 131_038, 200_000])
    func `splits and joins`(size: Int) throws {
        var ends = try #require(try NoisePair.sessions())
        let plain = SeededGenerator(seed: 2).copyOfBytes(size)
        let wire = try ends.initiator.encrypt(plain)
        let frames = (size + NoiseSession.maximumPlaintextLength - 1) / NoiseSession.maximumPlaintextLength
        #expect(wire.count == size + frames * 18)
        #expect(try ends.responder.decrypt(wire) == plain)
    }

    @Test func `drip-fed`() throws {
        var ends = try #require(try NoisePair.sessions())
        let wire = try ends.initiator.encrypt([1, 2, 3]) + ends.initiator.encrypt(Array(repeating: 4, count: 500))
        var received: [UInt8] = []
        for byte in wire { received += try ends.responder.decrypt([byte]) }
        #expect(received == [1, 2, 3] + Array(repeating: 4, count: 500))
    }

    @Test func `pieces of random size`() throws {
        var random = SeededGenerator(seed: testSeed("noise pieces"))
        var ends = try #require(try NoisePair.sessions())
        for _ in 0..<50 {
            let plain = (0..<20).map { _ in random.bytes(Int.random(in: 0...400, using: &random)) }
            var wire: ArraySlice<UInt8> = []
            for part in plain { wire += try ends.responder.encrypt(part) }
            var received: [UInt8] = []
            while !wire.isEmpty {
                let size = Int.random(in: 1...1000, using: &random)
                received += try ends.initiator.decrypt(Array(wire.prefix(size)))
                wire = wire.dropFirst(size)
            }
            #expect(received == Array(plain.joined()))
        }
    }

    @Test func `empty messages are valid`() throws {
        let key = [UInt8](repeating: 1, count: 32)
        var sender = NoiseCipherState(key: key)
        let empty = try sender.seal([], additional: [])
        var session = NoiseSession(sending: NoiseCipherState(key: key), receiving: NoiseCipherState(key: key))
        #expect(try session.decrypt([0, 16] + empty) == [])
        #expect(try session.decrypt([0, 17] + sender.seal([5], additional: [])) == [5])
    }

    @Test func `altered, replayed and reordered messages end the session`() throws {
        var ends = try #require(try NoisePair.sessions())
        let first = try ends.initiator.encrypt([1])
        let second = try ends.initiator.encrypt([2])
        var reordered = ends.responder
        #expect(throws: NoiseError.badMAC) { try reordered.decrypt(second) }
        #expect(throws: NoiseError.badMAC) { try reordered.decrypt(first) }
        var replayed = ends.responder
        #expect(throws: NoiseError.badMAC) { try replayed.decrypt(first + first) }
        for index in first.indices.dropFirst(2) {
            var receiver = ends.responder
            var altered = first
            altered[index] ^= 1
            #expect(throws: NoiseError.badMAC) { try receiver.decrypt(altered) }
        }
        #expect(throws: NoiseError.malformed) { try ends.responder.decrypt([0, 15] + [UInt8](repeating: 0, count: 15)) }
    }

    @Test func `nonces run out with an error`() throws {
        let key = [UInt8](repeating: 1, count: 32)
        var session = NoiseSession(
            sending: NoiseCipherState(key: key, nonce: .max - 1), receiving: NoiseCipherState(key: key, nonce: .max - 1))
        let last = try session.encrypt([1])
        #expect(throws: NoiseError.nonceExhausted) { try session.encrypt([1]) }
        #expect(try session.decrypt(last) == [1])
        #expect(throws: NoiseError.nonceExhausted) { try session.decrypt(last) }
    }
}
