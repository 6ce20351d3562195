import Crypto
import Multiformats
import Testing

@testable import SecureChannel

@Suite struct NoiseVectorTests {
    private func end(initiator: Bool, staticSeed: [UInt8], ephemeralSeed: [UInt8]) throws -> NoiseXX {
        NoiseXX(
            isInitiator: initiator, prologue: Cacophony.prologue,
            staticKey: try NoiseXX.PrivateKey(rawRepresentation: staticSeed),
            ephemeralKey: try NoiseXX.PrivateKey(rawRepresentation: ephemeralSeed))
    }

    @Test func `cacophony vector, handshake and transport`() throws {
        var initiator = try end(
            initiator: true, staticSeed: Cacophony.initiatorStatic, ephemeralSeed: Cacophony.initiatorEphemeral)
        var responder = try end(
            initiator: false, staticSeed: Cacophony.responderStatic, ephemeralSeed: Cacophony.responderEphemeral)
        for (index, message) in Cacophony.messages.prefix(3).enumerated() {
            let sent = index == 1 ? try responder.write(payload: message.payload) : try initiator.write(payload: message.payload)
            #expect(sent == message.ciphertext)
            let payload = index == 1 ? try initiator.read(sent) : try responder.read(sent)
            #expect(payload == message.payload)
        }
        #expect(initiator.isComplete && responder.isComplete)
        #expect(initiator.symmetric.transcript == Cacophony.handshakeHash)
        #expect(responder.symmetric.transcript == Cacophony.handshakeHash)
        try checkTransport(initiator.symmetric.split(), responder.symmetric.split())
    }

    private func checkTransport(
        _ initiatorKeys: (NoiseCipherState, NoiseCipherState), _ responderKeys: (NoiseCipherState, NoiseCipherState)
    ) throws {
        var initiator = NoiseSession(sending: initiatorKeys.0, receiving: initiatorKeys.1)
        var responder = NoiseSession(sending: responderKeys.1, receiving: responderKeys.0)
        for (index, message) in Cacophony.messages.enumerated().dropFirst(3) {
            let fromResponder = index % 2 == 1
            let frame = fromResponder ? try responder.encrypt(message.payload) : try initiator.encrypt(message.payload)
            #expect(frame == NoiseFrame.header(message.ciphertext.count) + message.ciphertext)
            #expect(try fromResponder ? initiator.decrypt(frame) == message.payload : responder.decrypt(frame) == message.payload)
        }
    }

    @Test func `writing and reading out of turn is an error`() throws {
        var initiator = try end(
            initiator: true, staticSeed: Cacophony.initiatorStatic, ephemeralSeed: Cacophony.initiatorEphemeral)
        #expect(throws: NoiseError.outOfOrder) { try initiator.read([]) }
        _ = try initiator.write(payload: [])
        #expect(throws: NoiseError.outOfOrder) { try initiator.write(payload: []) }
    }

    @Test func `keys of low order are refused`() throws {
        var responder = try end(
            initiator: false, staticSeed: Cacophony.responderStatic, ephemeralSeed: Cacophony.responderEphemeral)
        _ = try responder.read([UInt8](repeating: 0, count: 32))
        #expect(throws: NoiseError.malformed) { try responder.write(payload: []) }
    }

    @Test func `golden signature of the static key`() throws {
        let identity = try Identity(seed: Vector.identitySeed)
        let payload = try NoisePayload(identity: identity, staticKey: Vector.noiseStatic, muxers: [])
        #expect(payload.signature == Vector.noiseSignature)
        #expect(try NoisePayload(bytes: payload.encoded(), staticKey: Vector.noiseStatic) == payload)
        #expect(throws: NoiseError.badSignature) { try NoisePayload(bytes: payload.encoded(), staticKey: [1]) }
        #expect(throws: NoiseError.malformed) { try NoisePayload(bytes: [], staticKey: [1]) }
    }

    @Test func `what is no key is refused`() throws {
        var message = WireNoiseHandshakePayload()
        message.identityKey = .init([8, 0, 0x12, 1, 0x30])
        let bytes: [UInt8] = try message.serializedBytes()
        #expect(throws: NoiseError.malformed) { try NoisePayload(bytes: bytes, staticKey: [1]) }
    }

    @Test func `more than 100 multiplexers count as none`() throws {
        let identity = try Identity(seed: Vector.identitySeed)
        func muxers(_ count: Int) throws -> Int {
            let payload = try NoisePayload(
                identity: identity, staticKey: [1], muxers: Array(repeating: "/a", count: count))
            return try NoisePayload(bytes: payload.encoded(), staticKey: [1]).muxers.count
        }
        #expect(try muxers(NoisePayload.maximumMuxerCount) == NoisePayload.maximumMuxerCount)
        #expect(try muxers(NoisePayload.maximumMuxerCount + 1) == 0)
    }
}
