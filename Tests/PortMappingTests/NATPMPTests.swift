import PortMapping
import Testing
import WeftTestKit

/// Vectors written out after the figures of RFC 6886.
@Suite struct NATPMPTests {
    @Test func requestsAreAsInTheRFC() throws {
        #expect(NATPMP.addressRequest == hex("00 00"))
        #expect(NATPMP.mapRequest(try udp(10042), suggesting: 10042, lifetimeSeconds: 7200) == hex("00 01 0000 273a 273a 00001c20"))
        #expect(NATPMP.mapRequest(try tcp(80), suggesting: 0, lifetimeSeconds: 0) == hex("00 02 0000 0050 0000 00000000"))
    }

    @Test func answersAreRead() throws {
        #expect(
            NATPMP.answer(hex("00 80 0000 00000a0b 05050507"))
                == .init(epoch: 0xa0b, content: .address(address("5.5.5.7"))))
        #expect(
            NATPMP.answer(hex("00 81 0000 00000001 273a 8001 00000e10"))
                == .init(epoch: 1, content: .mapping(try udp(10042), external: 0x8001, lifetimeSeconds: 3600)))
        #expect(
            NATPMP.answer(hex("00 82 0000 ffffffff 273a 273a 00001c20"))
                == .init(epoch: .max, content: .mapping(try tcp(10042), external: 10042, lifetimeSeconds: 7200)))
    }

    @Test(
        arguments: [
            (1, NATPMP.Refusal.unsupportedVersion), (2, .notAuthorized), (3, .networkFailure), (4, .outOfResources),
            (5, .unsupportedOperation),
            (6, .other(6)),
        ] as [(UInt8, NATPMP.Refusal)])
    func refusalsAreRead(code: UInt8, refusal: NATPMP.Refusal) {
        // Without what the operation itself has to say, as some routers answer.
        let bytes = hex("00 81 00") + [code] + hex("00000009")
        #expect(NATPMP.answer(bytes) == .init(epoch: 9, content: .refusal(operation: 1, refusal)))
    }

    @Test(arguments: [
        "", "00", "00 80 0000 00000a0b 050505", "00 81 0000 00000001 273a 8001 00000e", "00 81 0000 0000",
        "00 00 0000 00000a0b 05050507",  // a request
        "01 80 0000 00000a0b 05050507",  // another version
        "00 83 0000 00000001 273a 8001 00000e10",  // no such operation
        "00 81 0000 00000001 0000 8001 00000e10",  // port 0
    ])
    func nothingElseIsAnAnswer(text: String) {
        #expect(NATPMP.answer(hex(text)) == nil)
    }

    @Test func datagramsThatAreTooLongAreNotLookedAt() {
        let answer = hex("00 80 0000 00000a0b 05050507")
        let fill = [UInt8](repeating: 0, count: PortMappingLimits.datagramBytes - answer.count)
        #expect(NATPMP.answer(answer + fill) != nil)
        #expect(NATPMP.answer(answer + fill + [0]) == nil)
    }
}
