import NetlinkCodec
import Testing
import WeftTestKit

@Suite struct NetlinkFuzzTests {
    private static let frames = 100_000

    @Test func rtnetlinkNeverTraps() {
        var random = SeededGenerator(seed: testSeed("rtnetlinkNeverTraps"))
        var readable = 0
        for number in 0..<Self.frames {
            let frame = random.mutated(Golden.rtnetlink[number % Golden.rtnetlink.count], among: Golden.rtnetlink)
            _ = NetworkEvent.parse(frame[...])
            readable += readRoute(frame) ? 1 : 0
        }
        #expect((1..<Self.frames).contains(readable))
    }

    @Test func genericNetlinkNeverTraps() {
        var random = SeededGenerator(seed: testSeed("genericNetlinkNeverTraps"))
        var readable = 0
        for number in 0..<Self.frames {
            let frame = random.mutated(Golden.generic[number % Golden.generic.count], among: Golden.generic)
            readable += readGeneric(frame) ? 1 : 0
        }
        #expect((1..<Self.frames).contains(readable))
    }

    /// One byte more at a time: every cut is either readable or refused.
    @Test func everyCutIsRefusedOrReadable() {
        for frame in Golden.rtnetlink + Golden.generic {
            for end in 0...frame.count {
                _ = readRoute(Array(frame[..<end]))
                _ = readGeneric(Array(frame[..<end]))
            }
        }
        #expect(Golden.rtnetlink.allSatisfy(readRoute))
        #expect(Golden.generic.allSatisfy(readGeneric))
    }

    private func readRoute(_ frame: [UInt8]) -> Bool {
        var exchange = NetlinkExchange(of: Link.dumpRequest(), sequence: 7, portID: 703)
        do {
            _ = try exchange.receive(frame[...]) { message throws(NetlinkCodecError) in
                _ = try Link(message)
                _ = try InterfaceAddress(message)
                _ = try Route.parse(message)
            }
            return true
        } catch {
            return false
        }
    }

    private func readGeneric(_ frame: [UInt8]) -> Bool {
        var exchange = NetlinkExchange(of: Link.dumpRequest(), sequence: 7, portID: 125)
        var dump = WireGuardDump(family: GenericFamily(rawValue: 32))
        do {
            _ = try exchange.receive(frame[...]) { message throws(NetlinkCodecError) in
                if message.type == 16 { _ = try GenericFamily(message) }
                try dump.add(message)
            }
            return true
        } catch {
            return false
        }
    }
}
