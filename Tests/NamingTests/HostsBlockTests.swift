import DNSCodec
import IPAddresses
import Testing
import WeftTestKit

@testable import Naming

@Suite struct HostsBlockTests {
    private let debian = "127.0.0.1\tlocalhost\n127.0.1.1\tbox\n\n::1 ip6-localhost\n"

    private func updated(_ text: String, _ entries: [Zone.Entry] = twoHosts) throws -> String {
        String(decoding: try block().updated(bytes(text), with: entries), as: UTF8.self)
    }

    private func removed(_ text: String) throws -> String {
        String(decoding: try block().removed(from: bytes(text)), as: UTF8.self)
    }

    @Test func theBlockGoesToTheEnd() throws {
        #expect(try updated(debian) == debian + twoHostsBlock)
        #expect(try updated("") == twoHostsBlock)
        #expect(try removed(debian + twoHostsBlock) == debian)
    }

    @Test func theBlockStaysWhereItIs() throws {
        let text = "a\n\(twoHostsBlock)b\n"
        #expect(try updated(text) == text)
        #expect(try updated(text, [twoHosts[0]]).hasPrefix("a\n# BEGIN") == true)
        #expect(try updated(text, []) == "a\nb\n")
        #expect(try removed(text) == "a\nb\n")
    }

    /// It goes before such a line: so the line can stay as it is, and nobody need know later what was there before.
    @Test func aLastLineWithoutAnEndStaysTheLast() throws {
        #expect(try updated("127.0.0.1 localhost\n::1 box") == "127.0.0.1 localhost\n\(twoHostsBlock)::1 box")
        #expect(try updated("::1 box") == "\(twoHostsBlock)::1 box")
    }

    @Test func carriageReturnsStay() throws {
        let windows = "127.0.0.1 localhost\r\n::1 box\r\n"
        #expect(try updated(windows) == windows + twoHostsBlock)
        let converted = (windows + twoHostsBlock).split(separator: "\n", omittingEmptySubsequences: false).map {
            $0.hasSuffix("\r") ? $0 : $0 + "\r"
        }
        #expect(try removed(converted.dropLast().joined(separator: "\n") + "\n") == windows)
    }

    @Test func ofABlockWithoutAnEndOnlyOurLinesGo() throws {
        let cut = """
            # BEGIN weft weft0 (written by weft, changes here are lost)
            10.1.2.3 host-a.weft host-a
            10.0.0.5 nas
            10.1.2.4 host-b.weft host-b

            """
        #expect(try removed(cut) == "10.0.0.5 nas\n10.1.2.4 host-b.weft host-b\n")
        #expect(try removed(cut + twoHostsBlock) == "10.0.0.5 nas\n10.1.2.4 host-b.weft host-b\n")
    }

    @Test func doubledBlocksBecomeOne() throws {
        #expect(try updated("a\n\(twoHostsBlock)b\n\(twoHostsBlock)c\n") == "a\n\(twoHostsBlock)b\nc\n")
        #expect(try removed("# END weft weft0\na\n# END weft weft0") == "a\n")
    }

    @Test func aStrangeLineInOurBlockIsKept() throws {
        let text = twoHostsBlock.replacing("10.1.2.4", with: "192.0.2.1 printer # mine\n10.1.2.4")
        #expect(try updated(text) == twoHostsBlock + "192.0.2.1 printer # mine\n")
    }

    /// The domain may have changed since.
    @Test func linesOfAnotherDomainInOurBlockGo() throws {
        #expect(try updated(twoHostsBlock.replacing(".weft ", with: ".mesh.example ")) == twoHostsBlock)
    }

    @Test func blocksOfOtherNodesStay() throws {
        let other = twoHostsBlock.replacing("weft0", with: "weft1")
        #expect(try updated(other) == other + twoHostsBlock)
        #expect(try removed(other + twoHostsBlock) == other)
        #expect(try block("weft1").removed(from: bytes(other + twoHostsBlock)) == bytes(twoHostsBlock))
        #expect(try block("weft").removed(from: bytes(other)) == bytes(other))
    }

    /// To `String` the Kelvin sign and the letter K are the same; they are not.
    @Test func markersAreComparedByTheirBytes() throws {
        let text = "# BEGIN weft \u{212A}0 x\n"
        #expect(try block("K0").removed(from: bytes(text)) == bytes(text))
    }

    // MARK: Names

    @Test(arguments: [
        "", "a b", "a\n1.2.3.4 bank.example", "a\r", "a\0b", "ä", "A", "a.b", "-a", "a-", "#", "a#b", "a\tb",
        String(repeating: "a", count: 64),
        String(repeating: "a", count: 300), "a\u{2028}b",
    ])
    func aHostileNameChangesNothing(name: String) throws {
        let entries = twoHosts + [Zone.Entry(name: name, addresses: [address("10.6.6.6")])]
        #expect(try updated(debian, entries) == debian + twoHostsBlock)
    }

    /// glibc gives all addresses that a file has for a name: with one line more, `localhost` would be somebody else as well.
    @Test(arguments: ["localhost", "ip6-loopback"])
    func nobodyIsCalledAsEveryMachineCallsItself(name: String) throws {
        let entries = [Zone.Entry(name: name, addresses: [address("10.6.6.6")])]
        #expect(try updated("", entries).contains("\n10.6.6.6 \(name).weft\n"))
    }

    @Test func aNameThatTheFileGivesAlreadyIsLeftToIt() throws {
        #expect(try updated("10.0.0.9 x HOST-A # host-b\n").contains("\n10.1.2.3 host-a.weft\n"))
        #expect(try updated("10.0.0.9 x HOST-A # host-b\n").contains("\n10.1.2.4 host-b.weft host-b\n"))
        #expect(try !updated("10.0.0.9 host-a.weft host-a\n").contains("10.1.2.3"))
        // The first field is no name, and another node's block is no better than ours.
        #expect(try updated("host-a\n\(twoHostsBlock.replacing("weft0", with: "weft1"))").contains(twoHostsBlock))
    }

    @Test(arguments: ["", "a b", "sixteen-letters-", "a\n", "a/b", "-a", "..", "ü"])
    func aStrangeInterfaceHasNoBlock(interface: String) throws {
        #expect(HostsBlock(interface: interface, domain: try name("weft")) == nil)
    }

    // MARK: Properties

    /// Files out of pieces that make trouble, bytes that are no text among them.
    private func file(_ random: inout SeededGenerator, foreign: Bool) -> [UInt8] {
        let pieces = [
            "127.0.0.1 localhost\n", "\n", "\r\n", "# BEGIN weft weft1 (x)\n", "# END weft weft1\n", "10.9.9.9 host-z.weft host-z\n",
            "# BEGIN",
            " weft weft0", "\n# END weft weft00\n", "\u{0}", "#", "10.1.2.3 HOST-A\r\n", "# BEGIN weft  weft0\n",
        ]
        let ours = ["# BEGIN weft weft0\n", "# END weft weft0\n", twoHostsBlock, "# BEGIN weft weft0"]
        var file: [UInt8] = []
        for _ in 0..<Int.random(in: 0...9, using: &random) {
            switch Int.random(in: 0..<(foreign ? 3 : 5), using: &random) {
            case 0: file += random.bytes(Int.random(in: 0...20, using: &random))
            case 1, 2: file += bytes(pieces.randomElement(using: &random) ?? "")
            default: file += bytes(ours.randomElement(using: &random) ?? "")
            }
        }
        return file
    }

    @Test func whatIsNotOursStaysByteByByte() throws {
        var random = SeededGenerator(seed: testSeed("whatIsNotOursStaysByteByByte"))
        let block = try block()
        for _ in 0..<4_000 {
            let original = file(&random, foreign: true)
            // The pieces may happen to make up a line of ours.
            guard block.removed(from: original) == original else { continue }
            let updated = block.updated(original, with: twoHosts)
            #expect(block.removed(from: updated) == original)
            #expect(block.updated(updated, with: twoHosts) == updated)
            let other = [Zone.Entry(name: "host-c", addresses: [address("10.1.2.5")])]
            #expect(block.updated(block.updated(original, with: other), with: twoHosts) == updated)
        }
    }

    /// Lines are ours only if they look as ours do; all others are there afterwards, in their order.
    @Test func noOtherLineIsLostWhateverTheFile() throws {
        var random = SeededGenerator(seed: testSeed("noOtherLineIsLostWhateverTheFile"))
        let block = try block()
        for _ in 0..<4_000 {
            let original = file(&random, foreign: false)
            let updated = block.updated(original, with: twoHosts)
            #expect(block.updated(updated, with: twoHosts) == updated)
            #expect(others(original) == others(block.removed(from: updated)))
        }
    }

    private func others(_ file: [UInt8]) -> [[UInt8]] {
        let ours = ["# BEGIN weft weft0", "# END weft weft0", "10.1.2.3 host-", "fd00:7::1 host-", "10.1.2.4 host-", "10.9.9.9 host-z"].map
        { bytes($0) }
        return file.split(separator: UInt8(ascii: "\n")).map { Array($0) }.filter { line in !ours.contains { line.starts(with: $0) } }
    }
}
