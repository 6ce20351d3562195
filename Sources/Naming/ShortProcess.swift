import CLinux
import Glibc

/// A program that is run to its end, soon, by a thread that waits for it.
enum ShortProcess {
    enum End: Hashable {
        /// The status as a shell has it: 128 and the signal's number for a program that was ended by one.
        case exited(status: Int32, output: [UInt8])
        case timedOut
    }

    /// What is kept of its output, in bytes: the last ones.
    static let outputBytes = 2048
    static let lineBytes = 200

    /// Its standard input is empty; its two outputs are one. No descriptor of ours is open in it (all are close-on-exec), it has a session
    /// of its own, so it asks nobody at a terminal, and signals are as they are for any program. What is left of it and of whatever it
    /// started in its session when this returns is killed.
    static func run(_ path: String, arguments: [String], environment: [String], timeout: Duration) throws(CallError) -> End {
        var ends: [CInt] = [-1, -1]
        // Not a pipe: that cannot be made close-on-exec from here without a moment in which another thread's child would inherit it.
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw CallError("socketpair")
        }
        defer { close(ends[0]) }
        let started = start(path, arguments, environment, output: ends[1])
        close(ends[1])
        let child = try started.get()
        let (output, isWhole) = read(ends[0], until: .now + timeout)
        // To one that is ending already the signals do nothing, so its status stays true.
        kill(-child, SIGKILL)
        kill(child, SIGKILL)
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f  // WIFEXITED and its kin are macros that Swift cannot see
        return isWhole ? .exited(status: signal == 0 ? status >> 8 & 0xff : 128 + signal, output: output) : .timedOut
    }

    /// The last line with something in it, in printable ASCII.
    static func lastLine(of output: [UInt8]) -> String {
        let line = output.split(separator: UInt8(ascii: "\n")).last { $0.contains { !HostsText.isSpace($0) } } ?? []
        return String(decoding: line.prefix(lineBytes).map { (0x20...0x7e).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }

    private static func start(_ path: String, _ arguments: [String], _ environment: [String], output: CInt) -> Result<pid_t, CallError> {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        setSignals(&attributes)
        var child: pid_t = 0
        let error = withCStrings(arguments) { arguments in
            withCStrings(environment) { posix_spawn(&child, path, &actions, &attributes, arguments, $0) }
        }
        return error == 0 ? .success(child) : .failure(CallError("posix_spawn", errno: error))
    }

    /// None blocked and none ignored, whatever is in this process.
    private static func setSignals(_ attributes: inout posix_spawnattr_t) {
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let flags = Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF) | weft_posix_spawn_setsid
        posix_spawnattr_setflags(&attributes, flags)
    }

    /// The end of what it wrote, and whether that was all.
    private static func read(_ descriptor: CInt, until deadline: ContinuousClock.Instant) -> (output: [UInt8], isWhole: Bool) {
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while case let left = deadline - .now, left > .zero {
            var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let millis = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
            guard poll(&polled, 1, Int32(clamping: millis + 1)) > 0 else { continue }
            let count = recv(descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
            // A socket whose other end is closed with something unread in it says ECONNRESET.
            if count == 0 || count < 0 && errno == ECONNRESET { return (output, true) }
            if count > 0 { output = (output + chunk[..<count]).suffix(outputBytes) }
        }
        return (output, false)
    }

    /// Calls `body` with a NULL-terminated array of C strings that lives as long as the call.
    private static func withCStrings(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Int32) -> Int32 {
        let copies = strings.map { strdup($0) } + [nil]
        defer { copies.forEach { free($0) } }
        return body(copies)
    }
}
