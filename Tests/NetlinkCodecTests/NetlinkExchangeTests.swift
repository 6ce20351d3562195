import CLinux
import NetlinkCodec
import Testing

@Suite struct NetlinkExchangeTests {
    private func receive(
        _ datagram: [UInt8], request: NetlinkRequest = Link.createRequest(name: "weft0"), sequence: UInt32 = 7, portID: UInt32 = 703,
        limits: NetlinkLimits = NetlinkLimits()
    ) throws -> (NetlinkExchange.Progress, Int) {
        var exchange = NetlinkExchange(of: request, sequence: sequence, portID: portID, limits: limits)
        var count = 0
        let progress = try exchange.receive(datagram[...]) { _ in count += 1 }
        return (progress, count)
    }

    @Test func readsTheKernelsWords() throws {
        let failure = NetlinkFailure(errno: 95, text: "Unknown device type")
        #expect(try receive(Golden.unknownDeviceType) == (.failed(failure), 0))
        #expect(try receive(Golden.uncapped) == (.failed(NetlinkFailure(errno: 1, text: "denied")), 0))
    }

    @Test func passesOverLeftovers() throws {
        #expect(try receive(Golden.unknownDeviceType, sequence: 8) == (.more, 0))
        #expect(try receive(Golden.unknownDeviceType, portID: 704) == (.more, 0))
    }

    @Test func readsADumpToItsEnd() throws {
        let request = Link.dumpRequest()
        #expect(request.isDump)
        #expect(try receive(Golden.wireGuardDevice, request: request, portID: 125) == (.finished, 1))
    }

    @Test func tellsThatADumpChanged() throws {
        let request = Link.dumpRequest()
        var datagram = Golden.wireGuardDevice
        datagram[6] |= UInt8(NLM_F_DUMP_INTR)
        #expect(try receive(datagram, request: request, portID: 125) == (.interrupted, 1))
    }

    @Test func endsAnEndlessAnswer() throws {
        var exchange = NetlinkExchange(of: Link.dumpRequest(), sequence: 7, portID: 703, limits: NetlinkLimits(datagramsPerAnswer: 2))
        for _ in 0..<2 { #expect(try exchange.receive(Golden.addresses4[...]) { _ in } == .more) }
        #expect(throws: NetlinkCodecError.limitExceeded) { try exchange.receive(Golden.addresses4[...]) { _ in } }
    }

    @Test func showsPlainTextOnly() {
        #expect(NetlinkFailure(errno: 1, text: "a\nb\u{1b}[31mé").text == "a?b?[31m?")
        #expect(NetlinkFailure(errno: 1, text: String(repeating: "x", count: 500)).text?.count == NetlinkFailure.maximumTextLength)
    }

    @Test func neverPrintsKeys() throws {
        let message = try #require(try NetlinkMessage.parse(Golden.wireGuardDevice).first)
        #expect("\(message)" == "(secret)")
        #expect("\(Link.dumpRequest())" == "(secret)")
    }
}
