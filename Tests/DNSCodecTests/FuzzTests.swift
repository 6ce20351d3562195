import DNSCodec
import Testing
import WeftTestKit

/// Nothing that comes from the network traps, whatever it is.
@Suite struct FuzzTests {
    private static let messages = 100_000

    private static let corpus: [[UInt8]] =
        Golden.exchanges.flatMap { [$0.query, $0.answer] }
        + [
            query("3.2.1.10.in-addr.arpa", 12), query("64.100.in-addr.arpa", 6, edns: 4096), query("weft", 255, edns: 512),
            query("1" + String(repeating: ".0", count: 23) + ".7.0.0.0.0.0.d.f.ip6.arpa", 12, edns: 1232), query("", 2),
        ]

    /// Each answer can be read by somebody else, has the id of its query, and is no longer than it may be.
    @Test func anyMessageIsAnsweredWell() {
        var random = SeededGenerator(seed: testSeed("anyMessageIsAnsweredWell"))
        var codes: [Int: Int] = [:]
        for number in 0..<Self.messages {
            let message = random.mutated(Self.corpus[number % Self.corpus.count], among: Self.corpus)
            let transport: Zone.Transport = number.isMultiple(of: 3) ? .tcp : .udp
            guard let answer = Golden.zone.reply(to: message, over: transport) else { continue }
            #expect(answer.count <= DNSResponse.maximumUDPBytes && answer.prefix(2) == message.prefix(2))
            let read = LittleAnswer(answer)
            #expect(read != nil, "\(message) was answered with \(answer)")
            codes[read?.code ?? -1, default: 0] += 1
        }
        for code in [0, 1, 3, 4, 5] { #expect(codes[code, default: 0] > 100, "code \(code)") }
    }

    /// Long messages, as they may come by TCP, take no longer for what is in them.
    @Test func aLongMessageOfPointersIsReadQuickly() {
        let count = 5_000
        var message = query("host-a.weft", 1)
        message[10] = UInt8(count >> 8)
        message[11] = UInt8(count & 0xff)
        for _ in 0..<count { message += hex("c00c 0001 0001 00000000 0000") }
        #expect(Golden.zone.reply(to: message, over: .tcp).flatMap { LittleAnswer($0) }?.answers.count == 1)
    }
}
