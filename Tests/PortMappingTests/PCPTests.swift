import IPAddresses
import PortMapping
import Testing
import WeftTestKit

/// Vectors written out after the figures of RFC 6887.
@Suite struct PCPTests {
    private let nonce = PCP.Nonce(hex("0102030405060708090a0b0c"))

    private static let ipv4Answer =
        """
        02 81 00 00 00001c20 00000a0b 000000000000000000000000
        0102030405060708090a0b0c 06 000000 273a 8001 00000000000000000000ffff05050507
        """

    @Test func aRequestIsAsInTheRFC() throws {
        let nonce = try #require(nonce)
        let request = PCP.mapRequest(
            try tcp(10042), own: address("192.168.1.7"), nonce: nonce, suggesting: (nil, 10042), lifetimeSeconds: 7200)
        #expect(
            request
                == hex(
                    """
                    02 01 0000 00001c20 00000000000000000000ffffc0a80107
                    0102030405060708090a0b0c 06 000000 273a 273a 00000000000000000000ffff00000000
                    """))
    }

    @Test func anIPv6RequestAsksForAnIPv6Address() throws {
        let request = PCP.mapRequest(
            try udp(1), own: address("2005:5:5::7"), nonce: try #require(nonce), suggesting: (nil, 1), lifetimeSeconds: 0)
        #expect(
            request
                == hex(
                    """
                    02 01 0000 00000000 20050005000500000000000000000007
                    0102030405060708090a0b0c 11 000000 0001 0001 00000000000000000000000000000000
                    """))
    }

    @Test func mappingsAreRead() throws {
        let answer = try #require(PCP.answer(hex(Self.ipv4Answer)))
        let mapping = PCP.Mapping(
            local: try tcp(10042), nonce: try #require(nonce), external: socket("5.5.5.7:32769"), lifetimeSeconds: 7200)
        #expect(answer == .init(epoch: 0xa0b, content: .mapping(mapping)))
        // With an option behind it, of which there was none in the request.
        #expect(PCP.answer(hex(Self.ipv4Answer) + hex("80000004 00000000")) == answer)
    }

    @Test func refusalsAreRead() throws {
        var bytes = hex(Self.ipv4Answer)
        bytes[3] = 2
        #expect(PCP.answer(bytes)?.content == .refusal(try tcp(10042), try #require(nonce), .notAuthorized))
        bytes[3] = 12
        #expect(PCP.answer(bytes)?.content == .refusal(try tcp(10042), try #require(nonce), .addressMismatch))
        bytes[3] = 1
        #expect(PCP.answer(bytes)?.content == .notUnderstood(.unsupportedVersion))
        bytes[0] = 1
        #expect(PCP.answer(bytes)?.content == .notUnderstood(.unsupportedVersion))
        bytes[0] = 3
        #expect(PCP.answer(bytes) == nil)
    }

    @Test func announcementsAreRead() {
        let bytes = hex("02 80 00 00 00000000 00000003 000000000000000000000000")
        #expect(PCP.answer(bytes) == .init(epoch: 3, content: .announcement))
    }

    @Test func cutAnswersAndRequestsAreNone() {
        let answer = hex(Self.ipv4Answer)
        for length in answer.indices { #expect(PCP.answer(Array(answer.prefix(length))) == nil) }
        var request = answer
        request[1] = 1
        #expect(PCP.answer(request) == nil)
    }

    @Test func datagramsThatAreTooLongAreNotLookedAt() {
        let answer = hex(Self.ipv4Answer)
        let fill = [UInt8](repeating: 0, count: PortMappingLimits.datagramBytes - answer.count)
        #expect(PCP.answer(answer + fill) != nil)
        #expect(PCP.answer(answer + fill + [0, 0, 0, 0]) == nil)
    }

    @Test func aNonceHasTwelveBytes() {
        #expect(PCP.Nonce(hex("0102030405060708090a0b")) == nil)
        #expect(PCP.Nonce(hex("0102030405060708090a0b0c0d")) == nil)
    }
}
