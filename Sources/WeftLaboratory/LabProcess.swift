import Foundation

/// A process that the laboratory started. Its output goes to files, so that no pipe can fill and nothing is lost, unless somebody
/// reads a descriptor instead.
package final class LabProcess {
    package enum End: Equatable, Sendable {
        case exited(Int32)
        case killed(signal: Int32)
    }

    package let id: pid_t
    package let command: [String]
    private let outputPath: String?
    private let errorPath: String?
    private var ended: End?

    /// - Parameters:
    ///   - command: program (looked up in `PATH` of this process unless it is a path) and arguments
    ///   - environment: the whole environment of the process
    ///   - outputPrefix: path of the files for its output, without `.out` and `.err`
    ///   - input: a descriptor that it reads from, which stays the caller's to close; `nil`: there is nothing to read
    package init(_ command: [String], environment: [String: String], outputPrefix: String, input: Int32? = nil) throws {
        guard let program = command.first.flatMap(Tools.find) else {
            throw LaboratoryError("\(command.first ?? "an empty command") is not installed")
        }
        self.command = command
        let paths = (outputPrefix + ".out", outputPrefix + ".err")
        (outputPath, errorPath) = paths
        id = try spawn([program] + command.dropFirst(), environment, .files(output: paths.0, errors: paths.1), input)
    }

    /// The same; both outputs go to a descriptor, which stays the caller's to close.
    package init(_ command: [String], environment: [String: String], log: Int32) throws {
        guard let program = command.first.flatMap(Tools.find) else {
            throw LaboratoryError("\(command.first ?? "an empty command") is not installed")
        }
        self.command = command
        (outputPath, errorPath) = (nil, nil)
        id = try spawn([program] + command.dropFirst(), environment, .descriptor(log))
    }

    deinit {
        if poll() == nil { _ = kill(waitingAtMost: .seconds(5)) }
    }

    package var output: String { contents(of: outputPath) }
    package var errors: String { contents(of: errorPath) }

    /// `nil` while it runs.
    package func poll() -> End? {
        guard ended == nil else { return ended }
        var status: Int32 = 0
        guard waitpid(id, &status, WNOHANG) == id else { return nil }
        let signal = status & 0x7f
        ended = signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal: signal)
        return ended
    }

    /// Waits for its end; after `bound` (times the slowness) it is killed and that is an error.
    @discardableResult
    package func wait(atMost bound: Duration) throws -> End {
        if let end = waitQuietly(Slowness.allow(bound)) { return end }
        _ = kill(waitingAtMost: .seconds(5))
        throw LaboratoryError("\(command.joined(separator: " ")): not ended within \(Slowness.allow(bound)). \(tail)")
    }

    package func signal(_ number: Int32) {
        if poll() == nil { Foundation.kill(id, number) }
    }

    /// SIGTERM, and SIGKILL if that does not help in time. Returns how it ended.
    package func terminate(waitingAtMost bound: Duration) -> End? {
        signal(SIGTERM)
        return waitQuietly(Slowness.allow(bound)) ?? kill(waitingAtMost: .seconds(5))
    }

    /// The last lines of what it said, for the message of a failed test.
    package var tail: String {
        [("standard output", output), ("standard error", errors)].filter { !$0.1.isEmpty }.map { name, text in
            "\(name):\n" + text.split(separator: "\n").suffix(30).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    private func kill(waitingAtMost bound: Duration) -> End? {
        signal(SIGKILL)
        return waitQuietly(bound)
    }

    private func waitQuietly(_ bound: Duration) -> End? {
        let deadline = ContinuousClock.now + bound
        var pause: UInt32 = 500
        while poll() == nil, ContinuousClock.now < deadline {
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
        return ended
    }

    private func contents(of path: String?) -> String {
        String(decoding: path.flatMap { FileManager.default.contents(atPath: $0) } ?? Data(), as: UTF8.self)
    }
}

/// Programs that the tests need.
package enum Tools {
    /// Administration tools live where an ordinary user's `PATH` may not look.
    private static let directories =
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init) + [
            "/usr/sbin", "/sbin", "/usr/bin", "/bin",
        ]

    package static func find(_ name: String) -> String? {
        if name.contains("/") { return name }
        return directories.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// Runs a command to its end; an error unless it exits with 0. For commands that are quick.
    @discardableResult
    package static func run(_ command: [String], atMost bound: Duration = .seconds(20)) throws -> String {
        let directory = NSTemporaryDirectory()
        let prefix = "\(directory)weftlab-\(getpid())-command-\(UUID().uuidString)"
        defer { for suffix in [".out", ".err"] { unlink(prefix + suffix) } }
        let process = try LabProcess(command, environment: ProcessInfo.processInfo.environment, outputPrefix: prefix)
        let end = try process.wait(atMost: bound)
        guard end == .exited(0) else { throw LaboratoryError("\(command.joined(separator: " ")): \(end). \(process.tail)") }
        return process.output
    }
}

/// Where a process's output goes.
private enum Destination {
    case files(output: String, errors: String)
    case descriptor(Int32)
}

private func spawn(
    _ command: [String], _ environment: [String: String], _ destination: Destination, _ input: Int32? = nil
) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let input {
        posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    switch destination {
    case .files(let output, let errors):
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o600)
    case .descriptor(let descriptor):
        posix_spawn_file_actions_adddup2(&actions, descriptor, 1)
        posix_spawn_file_actions_adddup2(&actions, descriptor, 2)
    }
    // The test runner may have signals blocked or ignored; what it starts must not inherit that.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    let arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    let variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { (arguments + variables).forEach { free($0) } }
    var id: pid_t = -1
    let error = posix_spawn(&id, command[0], &actions, &attributes, arguments, variables)
    guard error == 0 else { throw LaboratoryError("\(command[0]): \(String(cString: strerror(error)))") }
    return id
}
