import Multiformats
import Testing

@testable import SecureChannel

@Suite struct MultistreamTests {
    static let header = [0x13] + Array("/multistream/1.0.0\n".utf8)

    static func line(_ text: String) -> [UInt8] { LengthPrefixed.encode(Array("\(text)\n".utf8)) }

    private func responder(_ protocols: String...) -> MultistreamNegotiation { MultistreamNegotiation(supporting: protocols) }

    @Test func `two ends agree on the first that both have`() throws {
        var initiator = MultistreamNegotiation(proposing: ["/a", "/b", "/c"])
        var responder = responder("/c", "/b")
        let opening = initiator.start()
        #expect(opening == Self.header + Self.line("/a"))
        let greeting = responder.start()
        #expect(greeting == Self.header)
        let refusal = try responder.receive(opening)
        #expect(refusal.send == Self.line("na"))
        #expect(refusal.outcome == nil)
        let second = try initiator.receive(greeting + refusal.send)
        #expect(second.send == Self.line("/b"))
        let accepted = try responder.receive(second.send)
        #expect(accepted.outcome == .init(protocolID: "/b", remainder: []))
        let done = try initiator.receive(accepted.send)
        #expect(done.send.isEmpty)
        #expect(done.outcome == .init(protocolID: "/b", remainder: []))
    }

    @Test func `answers the token of simultaneous open, ls and na`() throws {
        var responder = responder("/noise")
        let opening = Self.header + Self.line("/libp2p/simultaneous-connect") + Self.line("ls") + Self.line("na") + Self.line("/noise")
        let step = try responder.receive(opening)
        #expect(step.send == Self.line("na") + Self.line("na") + Self.line("na") + Self.line("/noise"))
        #expect(step.outcome?.protocolID == "/noise")
    }

    @Test func `keeps bytes that follow, for both roles`() throws {
        var responder = responder("/x")
        #expect(try responder.receive(Self.header + Self.line("/x") + [0, 5, 1]).outcome == .init(protocolID: "/x", remainder: [0, 5, 1]))
        var initiator = MultistreamNegotiation(proposing: ["/x"])
        _ = initiator.start()
        #expect(try initiator.receive(Self.header + Self.line("/x") + [7]).outcome == .init(protocolID: "/x", remainder: [7]))
    }

    @Test func `drip-fed`() throws {
        var responder = responder("/b")
        var sent: [UInt8] = []
        var outcome: MultistreamNegotiation.Outcome?
        for byte in Self.header + Self.line("/a") + Self.line("/b") {
            let step = try responder.receive([byte])
            sent += step.send
            outcome = step.outcome
        }
        #expect(outcome == .init(protocolID: "/b", remainder: []))
        var initiator = MultistreamNegotiation(proposing: ["/a", "/b"])
        _ = initiator.start()
        for byte in Self.header + sent { outcome = try initiator.receive([byte]).outcome }
        #expect(outcome == .init(protocolID: "/b", remainder: []))
    }

    @Test func `a wrong secret shows with the first byte`() {
        var responder = responder("/a")
        #expect(throws: MultistreamError.garbageHeader) { try responder.receive([0x14]) }
        #expect(throws: MultistreamError.garbageHeader) { try responder.receive(Self.header) }
        var late = MultistreamNegotiation(proposing: ["/a"])
        #expect(throws: Never.self) { try late.receive(Array(Self.header.dropLast())) }
        #expect(throws: MultistreamError.garbageHeader) { try late.receive([0x0b]) }
    }

    @Test func `errors say which`() {
        func initiator(_ answers: [UInt8]...) throws {
            var machine = MultistreamNegotiation(proposing: ["/a"])
            _ = try machine.receive(Self.header + answers.joined())
        }
        #expect(throws: MultistreamError.noProtocolInCommon) { try initiator(Self.line("na")) }
        #expect(throws: MultistreamError.unexpectedAnswer) { try initiator(Self.line("/b")) }
        #expect(throws: MultistreamError.malformed) { try initiator([2, 0x6e, 0x61]) }
        #expect(throws: MultistreamError.malformed) { try initiator([0]) }
        #expect(throws: MultistreamError.malformed) { try initiator([0x80, 0]) }
        var nothing = MultistreamNegotiation(proposing: [])
        #expect(nothing.start() == Self.header)
        #expect(throws: MultistreamError.noProtocolInCommon) { try nothing.receive(Self.header) }
    }

    @Test func `messages may have 1024 bytes, not more`() throws {
        let longest = "/" + String(repeating: "a", count: MultistreamNegotiation.maximumMessageLength - 2)
        var fits = responder(longest)
        #expect(try fits.receive(Self.header + Self.line(longest)).outcome?.protocolID == longest)
        var long = responder(longest)
        #expect(throws: MultistreamError.tooLong(1025)) { try long.receive(Self.header + Varint.encode(1025)) }
    }

    @Test func `a flood of proposals ends`() throws {
        let most = Array(repeating: Self.line("/x"), count: MultistreamNegotiation.maximumProposalCount).joined()
        var patient = responder("/a")
        #expect(try patient.receive(Self.header + most + Self.line("/a")).outcome?.protocolID == "/a")
        var flooded = responder("/a")
        #expect(throws: MultistreamError.tooManyProposals) { try flooded.receive(Self.header + most + Self.line("/x")) }
    }

    @Test func `is over when it is over`() throws {
        var responder = responder("/a")
        _ = try responder.receive(Self.header + Self.line("/a"))
        #expect(throws: MultistreamError.alreadyFinished) { try responder.receive([1]) }
    }
}
