import Multiformats
import Testing
import WeftTestKit

@testable import AutoNAT

@Suite struct AutoNATMessageTests {
    /// Made by protoc from the specification's own description.
    @Test func `the bytes are those of the specification`() throws {
        let id = try peer(1).bytes
        let address = try tcp("5.5.5.1:1").bytes
        #expect(address.count == 8 && id.count == 38)
        let info = [0x0a, 38] + id + [0x12, 8] + address
        let dial = [0x0a, UInt8(info.count)] + info
        #expect(wish(try peer(1), [try tcp("5.5.5.1:1")]) == [0x08, 0x00, 0x12, UInt8(dial.count)] + dial)
        #expect(reply(.ok, try tcp("5.5.5.1:1")) == [0x08, 0x01, 0x1a, 12, 0x08, 0x00, 0x1a, 8] + address)
        #expect(reply(.dialError) == [0x08, 0x01, 0x1a, 15, 0x08, 100, 0x12, 11] + Array("dial failed".utf8))
    }

    @Test func `what is written is read`() throws {
        let request = DialRequest(peer: try peer(1), addresses: [try tcp("5.5.5.1:1"), try Multiaddr("/dns/example.org/tcp/2")])
        #expect(try AutoNATMessage(AutoNATMessage.dial(request).encoded) == .dial(request))
        for status in [DialResponse.Status.ok, .dialError, .dialRefused, .badRequest, .internalError] {
            #expect(try AutoNATMessage(reply(status)) == .response(DialResponse(status)))
        }
    }

    @Test func `what is unknown is passed over`() throws {
        let known = try tcp("5.5.5.1:1")
        var info = [0x0a, 38] + (try peer(1).bytes)
        info += [0x12, 3, 0xff, 0xff, 0x7f] + [0x12, 8] + known.bytes + [0x1a, 1, 1]
        let bytes = [0x12, UInt8(info.count + 2), 0x0a, UInt8(info.count)] + info + [0x20, 1, 0x2d, 1, 2, 3, 4]
        #expect(try AutoNATMessage(bytes) == .dial(DialRequest(peer: peer(1), addresses: [known])), "and the type is 0 by default")
        #expect(try AutoNATMessage([0x08, 1, 0x1a, 3, 0x08, 0xff, 0x01]) == .response(DialResponse(.internalError)))
    }

    @Test func `what is no message`() throws {
        let good = wish(try peer(1), [])
        let bad: [[UInt8]] = [
            [], [0x08, 0x00], [0x08, 0x01], [0x08, 0x02] + good.dropFirst(2), [0x12, 0], [0x12, 2, 0x0a, 0], [0x12, 4, 0x0a, 2, 0x0a, 0],
            Array(good.dropLast()), [0x0b], [0x00, 0x00],
            good + [0x22] + Varint.encode(5_000) + [UInt8](repeating: 0, count: 5_000),
        ]
        for bytes in bad { #expect(throws: AutoNATMalformed.self, "\(bytes.prefix(20))") { try AutoNATMessage(bytes) } }
    }

    @Test func `rubbish does no harm`() throws {
        var random = SeededGenerator(seed: testSeed("autonat"))
        let corpus = [wish(try peer(1), [try tcp("5.5.5.1:1")]), reply(.ok, try tcp("5.5.5.1:1")), reply(.dialError)]
        for _ in 0..<100_000 {
            let bytes = random.mutated(corpus.randomElement(using: &random) ?? [], among: corpus)
            guard let message = try? AutoNATMessage(bytes) else { continue }
            #expect(try AutoNATMessage(message.encoded) == message)
        }
    }
}
