import DNSCodec
import Testing
import WeftTestKit

@Suite struct GoldenTests {
    @Test(arguments: Golden.exchanges)
    func anAnswerIsTheseBytes(_ exchange: Golden.Exchange) {
        for transport in [Zone.Transport.udp, .tcp] {
            #expect(Golden.zone.reply(to: exchange.query, over: transport) == exchange.answer)
        }
    }

    /// What answers itself would go on for ever.
    @Test func anAnswerIsNotAnswered() {
        for exchange in Golden.exchanges { #expect(Golden.zone.reply(to: exchange.answer, over: .udp) == nil) }
    }

    @Test func whatHasNoHeaderIsNotAnswered() {
        for count in 0..<12 { #expect(Golden.zone.reply(to: Array(Golden.exchanges[0].query[..<count]), over: .udp) == nil) }
    }

    /// One byte more at a time: every cut is answered or not, and never with more than a whole question is.
    @Test func everyCutIsRefusedWithItsID() {
        for exchange in Golden.exchanges.prefix(6) {
            for count in 12..<exchange.query.count {
                let answer = Golden.zone.reply(to: Array(exchange.query[..<count]), over: .udp).flatMap { LittleAnswer($0) }
                #expect(answer?.code == 1)
                #expect(answer?.id == Int(exchange.query[0]) << 8 | Int(exchange.query[1]))
            }
        }
    }

    /// The owner of a record in another section than the question may point at the question: that is no fault of its sender.
    @Test func aPointerToAnEarlierNameIsFollowed() {
        let message = hex(
            """
            0001 0000 0001 0000 0000 0002 \(Golden.hostA) 0001 0001
            c00c 0001 0001 00000000 0004 01020304  # some A record
            00 0029 1000 00000000 0000
            """)
        #expect(Golden.zone.reply(to: message, over: .udp).flatMap { LittleAnswer($0) }?.answers.count == 1)
    }

    /// Each of them goes back, and all together they go far: so they are counted.
    @Test(arguments: [(16, 0), (17, 1)])
    func aChainOfPointersIsCut(pointers: Int, code: Int) {
        var bytes = hex("0001 0000 0001 0000 0000 0002 \(Golden.hostA) 0001 0001  00 00ff 0001 00000000")
        // A record with a chain as its data, and one whose owner is the chain's end.
        bytes += [0, UInt8(2 * pointers - 2)]
        var target = 12
        for number in 0..<pointers {
            let pointer = bytes.count
            bytes += [0xc0 | UInt8(target >> 8), UInt8(target & 0xff)]
            target = pointer
            if number == pointers - 1 { bytes += hex("0001 0001 00000000 0000") }
        }
        #expect(Golden.zone.reply(to: bytes, over: .udp).flatMap { LittleAnswer($0) }?.code == code)
    }
}
