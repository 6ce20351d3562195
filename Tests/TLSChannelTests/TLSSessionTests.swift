import SecureChannel
import Testing
import WeftTestKit

@testable import TLSChannel

@Suite struct TLSSessionTests {
    @Test(arguments: [1, 100, 16_384, 16_385, 1_000_000]) func whatIsSaidArrives(count: Int) throws {
        var random = SeededGenerator(seed: testSeed("TLS plaintext"))
        let (there, back) = (random.bytes(count), random.bytes(count))
        var pair = try TLSPair.established()
        try pair.dialer.say(there)
        try pair.listener.say(back)
        pair.settle()
        #expect(pair.listener.plaintext == there)
        #expect(pair.dialer.plaintext == back)
        #expect(pair.dialer.session?.heldBytes == TLSSession.upkeepBytes && pair.listener.session?.heldBytes == TLSSession.upkeepBytes)
    }

    @Test func nothingBecomesNothing() throws {
        var pair = try TLSPair.established()
        #expect(try pair.dialer.session?.encrypt([]) == [])
        pair.listener.receive([])
        #expect(pair.listener.failure == nil)
    }

    /// A client may speak as soon as it has finished: its first words come with its last of the handshake.
    @Test func wordsBehindTheHandshakeAreNotLost() throws {
        var pair = try TLSPair()
        let hello = pair.dialer.sent
        pair.dialer.sent = []
        pair.listener.receive(hello)
        pair.dialer.receive(pair.listener.sent)
        pair.listener.sent = []
        let words = [UInt8](repeating: 7, count: 50_000)
        try pair.dialer.say(words)
        pair.listener.receive(pair.dialer.sent)
        #expect(pair.listener.outcome?.remainder == words)
    }

    @Test func pendingBytesAreCountedToTheLast() throws {
        var pair = try TLSPair.established()
        try pair.dialer.say([UInt8](repeating: 7, count: 1000))
        let record = pair.dialer.sent
        for (index, byte) in record.enumerated() {
            #expect(pair.listener.session?.heldBytes == TLSSession.upkeepBytes + index)
            pair.listener.receive([byte])
        }
        #expect(pair.listener.session?.heldBytes == TLSSession.upkeepBytes)
        #expect(pair.listener.plaintext.count == 1000)
    }

    @Test func damagedRecordsEndTheSession() throws {
        var pair = try TLSPair.established()
        try pair.dialer.say([1, 2, 3])
        pair.dialer.sent[10] ^= 1
        pair.listener.receive(pair.dialer.sent)
        #expect(pair.listener.failure == .failed("TLS: decryption failed or bad record mac"))
        #expect(pair.listener.plaintext.isEmpty)
        #expect(throws: SecurityError.self) { try pair.listener.session?.encrypt([1]) }
        pair.dialer.receive(pair.listener.sent)
        #expect(pair.dialer.failure == .failed("TLS: the other side refused: bad record mac"))
    }

    @Test func replayedRecordsEndTheSession() throws {
        var pair = try TLSPair.established()
        try pair.dialer.say([1, 2, 3])
        pair.listener.receive(pair.dialer.sent)
        pair.listener.receive(pair.dialer.sent)
        #expect(pair.listener.plaintext == [1, 2, 3])
        #expect(pair.listener.failure != nil)
    }

    /// What came before the good-bye has arrived, what comes behind it is passed over, and an answer is still possible.
    @Test func goodbyeIsNoFault() throws {
        var pair = try TLSPair.established()
        try pair.dialer.say([1])
        pair.dialer.close()
        pair.dialer.sent += [1, 2, 3]
        pair.listener.receive(pair.dialer.sent)
        #expect(pair.listener.plaintext == [1])
        #expect(pair.listener.failure == nil)
        try pair.listener.say([2])
        #expect(!pair.listener.sent.isEmpty)
        pair.listener.close()
        pair.dialer.receive(pair.listener.sent)
        #expect(pair.dialer.failure == nil)
    }

    @Test func nothingIsSaidAfterTheGoodbye() throws {
        var pair = try TLSPair.established()
        #expect(pair.dialer.session?.close().isEmpty == false)
        #expect(pair.dialer.session?.close() == [])
        #expect(try pair.dialer.session?.encrypt([1]) == [])
    }

    /// A peer that breaks off in the middle leaves nothing behind, whatever the state.
    @Test func connectionsEndInAnyState() throws {
        weak var engine: TLSEngine?
        for bytes in 0..<40 {
            var pair = try TLSPair(chunk: 64)
            for _ in 0..<bytes where !pair.dialer.sent.isEmpty {
                pair.listener.receive(Array(pair.dialer.sent.prefix(64)))
                pair.dialer.sent.removeFirst(min(64, pair.dialer.sent.count))
                pair.dialer.receive(pair.listener.sent)
                pair.listener.sent = []
            }
            engine = (pair.listener.session as? TLSSession)?.engine ?? engine
            if bytes % 2 == 0 { pair.listener.close() }
        }
        #expect(engine == nil)
    }

    @Test func damagedStreamsNeverTrap() throws {
        var random = SeededGenerator(seed: testSeed("damaged TLS records"))
        for _ in 0..<300 {
            var pair = try TLSPair.established()
            try pair.dialer.say(random.bytes(Int.random(in: 1...40_000, using: &random)))
            let sound = pair.dialer.sent
            let damaged = random.mutated(sound, among: [sound])
            pair.listener.receive(damaged)
            pair.listener.receive(random.bytes(100))
            #expect((pair.listener.session?.heldBytes ?? 0) - TLSSession.upkeepBytes <= TLSRecordMeter.headerLength + 16_384 + 256)
        }
    }
}

@Suite struct TLSRecordMeterTests {
    @Test(arguments: [1, 3, 1000]) func boundariesAreFound(chunk: Int) {
        let stream: [UInt8] =
            [22, 3, 1, 0, 2, 9, 9] + [23, 3, 3, 0, 0] + [23, 3, 3, 1, 0] + [UInt8](repeating: 0xff, count: 256) + [20, 3]
        var meter = TLSRecordMeter()
        for start in stride(from: 0, to: stream.count, by: chunk) { meter.take(stream[start..<min(start + chunk, stream.count)]) }
        #expect(meter.pendingCount == 2)
        meter.take([3, 0xff, 0xff][...])
        #expect(meter.pendingCount == 5)
        meter.take([UInt8](repeating: 0, count: 65_534)[...])
        #expect(meter.pendingCount == 65_539)
        meter.take([0][...])
        #expect(meter.pendingCount == 0)
    }
}
