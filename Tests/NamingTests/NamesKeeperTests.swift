import DNSCodec
import Glibc
import IPAddresses
import Testing
import WeftTestKit

@testable import Naming

@Suite struct NamesKeeperTests {
    private static let before = "127.0.0.1 localhost\n"

    @Test func whatIsSaidIsUnderstood() throws {
        let entry = Zone.Entry(name: "host-a", addresses: [try #require(IPAddress("10.1.2.3")), try #require(IPAddress("fd00::1"))])
        let state = NamesState(entries: [entry], server: SocketAddress("10.1.2.3:10053"), zones: ["weft", "2.1.10.in-addr.arpa"])
        #expect(NamesState(decoding: state.encoded.dropFirst(4)) == state)
        #expect(state.encoded.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) } == state.encoded.count - 4)
    }

    @Test func nothingThatIsSaidTraps() {
        var generator = SeededGenerator(seed: testSeed("nothingThatIsSaidTraps"))
        let corpus = ["host a 10.1.2.3 fd00::1\n", "server 10.1.2.3:53\nzone weft\n"].map { Array($0.utf8) }
        for round in 0..<20_000 { _ = NamesState(decoding: generator.mutated(corpus[round % 2], among: corpus)) }
    }

    /// What came before counts until then; a frame that is too long ends it, as the end of the node does, and all is taken back.
    @Test func aFrameThatIsTooLongEndsIt() throws {
        let (folder, path) = try hostsFile()
        defer { remove(folder, path) }
        let tooLong = UInt32(NamesKeeper.maximumFrameBytes + 1)
        let hasHeard = try run(
            path, [UInt8](repeating: 0, count: 4) + (0..<4).map { UInt8(truncatingIfNeeded: tooLong >> ($0 * 8)) } + [1, 2, 3])
        #expect(!hasHeard, "of what lies there together the newest counts")
        #expect(read(path) == Self.before)
    }

    @Test func complaintsAreToldOnceAndHaveABound() throws {
        var ends: [CInt] = [-1, -1]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { ends.forEach { close($0) } }
        var keeper = try #require(NamesKeeper(descriptor: ends[0], interface: "weft0", hostsPath: nil))
        for round in 0..<3 * NamesKeeper.maximumComplaints { keeper.complain("reason \(round / 2)") }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = recv(ends[1], &bytes, bytes.count, 0)
        let lines = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == NamesKeeper.maximumComplaints && Set(lines).count == lines.count)
    }

    /// Says `bytes` to a keeper, and hangs up.
    private func run(_ path: String, _ bytes: [UInt8]) throws -> Bool {
        var ends: [CInt] = [-1, -1]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { close(ends[0]) }
        #expect(send(ends[1], bytes, bytes.count, 0) == bytes.count)
        close(ends[1])
        var keeper = try #require(NamesKeeper(descriptor: ends[0], interface: "weft0", hostsPath: path))
        return keeper.run()
    }

    private func hostsFile() throws -> (folder: String, path: String) {
        var template = Array("/tmp/weft-keeper.XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        let path = "\(folder)/hosts"
        let file = open(path, O_WRONLY | O_CREAT, 0o644)
        defer { close(file) }
        #expect(write(file, Self.before, Self.before.utf8.count) == Self.before.utf8.count)
        return (folder, path)
    }

    private func remove(_ folder: String, _ path: String) {
        unlink(path)
        rmdir(folder)
    }

    private func read(_ path: String) -> String {
        let file = open(path, O_RDONLY)
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(file, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
