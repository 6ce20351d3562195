import Glibc
import IPAddresses
import Testing

@testable import Diagnosis

@Suite(.enabled(if: Machine.mayEcho, "needs root, or this group in net.ipv4.ping_group_range"))
struct EchoProbeTests {
    @Test(arguments: ["127.0.0.1", "127.9.8.7"]) func loopbackAnswers(text: String) throws {
        let probe = try EchoProbe(try #require(IPAddress(text)))
        for _ in 0..<3 { #expect(Self.hasAnswered(probe.ask(patience: .seconds(10)))) }
    }

    @Test(.enabled(if: Machine.hasIPv6, "this machine has no ::1")) func loopbackAnswersByIPv6() throws {
        let probe = try EchoProbe(try #require(IPAddress("::1")))
        #expect(Self.hasAnswered(probe.ask(patience: .seconds(10))))
    }

    /// Two that ask at the same time do not take each other's answers.
    @Test func eachGetsItsOwnAnswer() async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let probe = try EchoProbe(try #require(IPAddress("127.0.0.1")))
                    return (0..<20).allSatisfy { _ in Self.hasAnswered(probe.ask(patience: .seconds(10))) }
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }

    private static func hasAnswered(_ answer: EchoProbe.Answer) -> Bool {
        if case .answered(let time) = answer { time > .zero } else { false }
    }
}

@Suite struct ChecksumTests {
    /// The example of RFC 1071 section 3.
    @Test func isTheInternetChecksum() {
        #expect(EchoProbe.checksum([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]) == ~UInt16(0xddf2))
    }
}

private enum Machine {
    static var mayEcho: Bool { IPAddress("127.0.0.1").map { (try? EchoProbe($0)) != nil } ?? false }
    static var hasIPv6: Bool { access("/proc/net/if_inet6", R_OK) == 0 && IPAddress("::1").map { (try? EchoProbe($0)) != nil } ?? false }
}
