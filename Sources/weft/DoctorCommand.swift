import ArgumentParser
import Diagnosis
import Glibc
import LocalAPI
import LoopRuntime
import WeftDaemon

/// Looks at what a node needs, and at how it does.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Look for what is wrong on this machine, and tell what to do about it.",
        discussion: """
            Looks at the kernel, rights, ports, firewall, MTU, names, clock, addresses, and at the node if one runs. As root it sees most. Changes \
            nothing. Exit status 1: there is a fault.
            """)

    @OptionGroup var node: NodeFlags
    @OptionGroup var flags: SettingFlags

    func run() throws {
        let settings = try SettingsBuilder(given: SettingsLoader.ofThisProcess.load(node, flags)).settings()
        let status = LoopRuntime.run { executor in
            let facts = await MachineFacts.gather(settings, status: Self.status(settings.socketPath), on: executor)
            let findings = Examination(facts).findings
            for finding in findings { print(Self.line(finding)) }
            return findings.contains { $0.grade == .fault } ? EXIT_FAILURE : EXIT_SUCCESS
        }
        throw ExitCode(status)
    }

    private static func status(_ socket: String) -> Result<StatusReport, LocalAPIError> {
        do throws(LocalAPIError) {
            guard let report = try LocalClient.ask(LocalRequest(.status), at: socket).status else {
                return .failure(.noAnswer(path: socket))
            }
            return .success(report)
        } catch { return .failure(error) }
    }

    static func line(_ finding: Finding) -> String {
        let mark =
            switch finding.grade {
            case .good: "ok"
            case .remark: "note"
            case .fault: "FAULT"
            }
        return StatusTable.padded(mark, to: 7) + StatusTable.padded(finding.subject, to: 11) + LineLogHandler.escaped(finding.text)
    }
}
