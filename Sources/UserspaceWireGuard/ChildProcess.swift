import CChildProcess

#if canImport(Glibc)
    import Glibc
#endif

/// A running child of ours and the end of what it says on its standard output and error.
/// To be used on the one thread that started it, which must live as long as the child shall.
struct ChildProcess {
    /// What is kept of its output, in bytes.
    static let outputTailBytes = 2048
    static let outputLineBytes = 200

    let id: pid_t
    /// Readable when there is something to drain; at its end the child has ended.
    let outputDescriptor: Int32
    private var outputTail: [UInt8] = []

    /// `passing` is a descriptor that becomes the child's number 3; -1 for none.
    static func start(
        path: String, arguments: [String], environment: [String], passing: Int32 = -1
    ) -> Result<ChildProcess, SystemError> {
        var ours: Int32 = -1
        var theirs: Int32 = -1
        let pipeError = weft_pipe(&ours, &theirs)
        guard pipeError == 0 else { return .failure(SystemError("pipe", errno: pipeError)) }
        defer { close(theirs) }
        var child: pid_t = -1
        let error = withCStrings(arguments) { arguments in
            withCStrings(environment) { weft_child_start(path, arguments, $0, theirs, passing, &child) }
        }
        guard error == 0 else {
            close(ours)
            return .failure(SystemError("execve \(path)", errno: error))
        }
        return .success(ChildProcess(id: child, outputDescriptor: ours))
    }

    private init(id: pid_t, outputDescriptor: Int32) {
        self.id = id
        self.outputDescriptor = outputDescriptor
    }

    /// Takes what the child has written. False at the end of the stream: the child has ended, or is of no more use.
    mutating func drainOutput() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(outputDescriptor, &buffer, buffer.count)
            if count > 0 {
                outputTail = Array((outputTail + buffer[..<count]).suffix(Self.outputTailBytes))
            } else if count == 0 {
                return false
            } else if errno != EINTR {
                return errno == EAGAIN
            }
        }
    }

    /// Asks the child to end, waits up to `grace`, then forces it. It is reaped when this returns.
    mutating func end(grace: Duration) -> ChildEnd {
        kill(id, SIGTERM)
        let deadline = ContinuousClock.now + grace
        while drainOutput() {
            let left = deadline - .now
            guard left > .zero else { break }
            _ = waitForInput([outputDescriptor], timeout: left)
        }
        return reap()
    }

    /// To be called when its output has ended: a child that closed it and lives on is killed.
    /// To one that is ending already the signal does nothing, so its status stays true.
    mutating func reap() -> ChildEnd {
        kill(id, SIGKILL)
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0 && errno == EINTR {}
        _ = drainOutput()
        close(outputDescriptor)
        return ChildEnd(status: Self.decode(status), lastLine: lastLine)
    }

    /// WIFEXITED and its kin are macros that Swift cannot see.
    private static func decode(_ status: Int32) -> ChildEnd.Status {
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal: signal)
    }

    /// What it has said last.
    var output: String { String(decoding: outputTail, as: UTF8.self) }

    private var lastLine: String {
        let lines = outputTail.split(separator: UInt8(ascii: "\n"))
        let line = lines.last { $0.contains { $0 != 0x20 && $0 != 0x0d } } ?? []
        let printable = line.prefix(Self.outputLineBytes).map { (0x20...0x7e).contains($0) ? $0 : UInt8(ascii: "?") }
        return String(decoding: printable, as: UTF8.self)
    }
}

/// A failed call and its `errno`.
struct SystemError: Error {
    let call: String
    let errno: Int32

    init(_ call: String, errno: Int32 = Glibc.errno) {
        self.call = call
        self.errno = errno
    }
}

/// Waits until one of `descriptors` is readable or closed; `nil` waits without end.
func waitForInput(_ descriptors: [Int32], timeout: Duration?) -> Bool {
    var polled = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    let timeout = timeout.map { Int32(clamping: max(1, $0.components.seconds * 1000 + $0.components.attoseconds / 1_000_000_000_000_000)) }
    return poll(&polled, nfds_t(polled.count), timeout ?? -1) > 0
}

/// Calls `body` with a NULL-terminated array of C strings that lives as long as the call.
private func withCStrings<Value>(_ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Value) -> Value {
    let copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
    defer { copies.forEach { free($0) } }
    return copies.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("the array has at least its NULL") }
        return body(base)
    }
}
