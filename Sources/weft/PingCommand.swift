import ArgumentParser
import Diagnosis
import Glibc
import IPAddresses
import LocalAPI
import WeftDaemon

/// Follows the way to a member, part by part.
struct PingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ping", abstract: "Find out whether a member is reached, and if not, where the way breaks.",
        discussion: """
            Asks the running node about its peering connection to the member (and has it dial, if there is none) and about WireGuard's handshake, \
            and sends echo requests through the tunnel. Exit status 0: the tunnel answered.
            """)

    static let patience = Duration.seconds(1)
    static let maximumCount = 1000

    @OptionGroup var node: NodeFlags

    @Option(name: [.short, .long], help: ArgumentHelp("Echo requests to each of its addresses, one a second.", valueName: "number"))
    var count = 4

    @Argument(help: "The member's name, as `weft status` shows it, or its peer id.")
    var name: String

    func validate() throws {
        guard (1...Self.maximumCount).contains(count) else { throw ValidationError("--count is from 1 to \(Self.maximumCount)") }
    }

    func run() throws {
        guard let report = try LocalClient.request(LocalRequest(.ping, name: name), node, patienceSeconds: 60).ping else {
            throw Failure("the node gave no report")
        }
        let member = report.member
        print("\(LineLogHandler.escaped(member.name))  \(member.peerID)  \(LineLogHandler.escaped(member.software))")
        show(
            "peering",
            report.peeringProblem ?? member.roundTripMillis.map { "connected, round trip \(StatusTable.millis($0))" } ?? "connected")
        let hasAnswered = member.addresses.map(probe).contains(true)
        let after = try LocalClient.status(node).members.first { $0.peerID == member.peerID } ?? member
        let handshake = after.lastHandshakeSecondsAgo.map { "last handshake \(StatusTable.duration($0)) ago" } ?? "no handshake yet"
        show("WireGuard", "\(after.endpoint.map { "endpoint \($0)" } ?? "no endpoint"), \(handshake)")
        let verdict = PathVerdict(
            .init(
                name: LineLogHandler.escaped(member.name), peeringPort: report.peeringPort, peeringProblem: report.peeringProblem,
                endpoint: after.endpoint, handshakeAge: after.lastHandshakeSecondsAgo, hasTunnelAnswered: hasAnswered))
        if let advice = verdict.advice { print(LineLogHandler.escaped(advice)) }
        guard verdict.isReached else { throw ExitCode.failure }
    }

    /// Returns whether the address has answered.
    private func probe(_ text: String) -> Bool {
        guard let address = IPAddress(text) else { return false }
        var times: [Duration] = []
        do throws(SystemError) {
            let echo = try EchoProbe(address)
            for number in 0..<count {
                let began = ContinuousClock.now
                let answer = echo.ask(patience: Self.patience)
                if case .answered(let time) = answer { times.append(time) }
                if number + 1 < count { Self.sleep(Self.patience - (.now - began)) }
            }
        } catch {
            show("tunnel", "\(text): cannot be asked: \(error)")
            return false
        }
        let summary = times.isEmpty ? "" : ", round trip \(Self.spread(times.sorted()))"
        show("tunnel", "\(text): \(times.count) of \(count) answered\(summary)")
        return !times.isEmpty
    }

    private static func spread(_ times: [Duration]) -> String {
        let shown = [times[0], times[times.count / 2], times[times.count - 1]].map { StatusTable.millis($0 / .milliseconds(1)) }
        return times.count == 1 ? shown[0] : "\(shown[0]) at least, \(shown[1]) median, \(shown[2]) at most"
    }

    private static func sleep(_ duration: Duration) {
        if duration > .zero { usleep(UInt32(duration / .microseconds(1))) }
    }

    private func show(_ part: String, _ text: String) {
        print(StatusTable.padded(part, to: 10) + LineLogHandler.escaped(text))
        fflush(nil)
    }
}
