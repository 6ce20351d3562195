import Foundation

/// Reads the logs of all nodes as they are written, and notes when each node has come to know all others. Asks the nodes nothing.
final class LogWatch {
    /// Between two rounds, for each node: so the watch takes little of the processor that the nodes share with it.
    private static let pausePerNode = Duration.microseconds(10)
    private static let longestPause = Duration.milliseconds(2)

    private struct Source {
        let descriptor: Int32
        var log = MemberLog()
        var knewAll: ContinuousClock.Instant?
        /// Where what is read is kept.
        var copy: FileHandle?
    }

    private let interrupts: Interrupts
    private let others: Int
    private let folder: String?
    private let madeAt = ContinuousClock.now
    private var sources: [Source] = []
    private var waiting: Int
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    /// - Parameter folder: where the logs are kept, if they are.
    init(nodes: Int, interrupts: Interrupts, folder: String? = nil) throws {
        self.interrupts = interrupts
        others = nodes - 1
        waiting = nodes
        self.folder = folder
        if let folder { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
    }

    deinit {
        for source in sources { close(source.descriptor) }
    }

    /// A pipe for the log of the next node; its writing end, to be closed when the node has it.
    func addSource() throws -> Int32 {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw BenchError("pipe: \(String(cString: strerror(errno)))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        sources.append(Source(descriptor: ends[0], copy: copy(numbered: sources.count + 1)))
        return ends[1]
    }

    private func copy(numbered number: Int) -> FileHandle? {
        guard let path = folder.map({ "\($0)/node-\(number).log" }), FileManager.default.createFile(atPath: path, contents: nil) else {
            return nil
        }
        return FileHandle(forWritingAtPath: path)
    }

    /// When each node listed all others, in the order in which they were added.
    func waitUntilAllKnowAll(before deadline: ContinuousClock.Instant) throws -> [ContinuousClock.Instant] {
        let pause = min(Self.pausePerNode * sources.count, Self.longestPause)
        while waiting > 0 {
            guard ContinuousClock.now < deadline else {
                throw BenchError("not all know all after \((ContinuousClock.now - madeAt).inSeconds) s. \(laggards)")
            }
            try readRound(before: deadline)
            if waiting > 0 { usleep(UInt32(pause / .microseconds(1))) }
        }
        return sources.compactMap(\.knewAll)
    }

    /// Goes on reading, so that no pipe gets full, and no node waits for it.
    func drain(until deadline: ContinuousClock.Instant) throws {
        while ContinuousClock.now < deadline { try readRound(before: deadline) }
    }

    /// Waits for something to read, and reads all that there is.
    private func readRound(before deadline: ContinuousClock.Instant) throws {
        var entries = sources.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        entries.append(pollfd(fd: interrupts.descriptor, events: Int16(POLLIN), revents: 0))
        let ready = poll(&entries, nfds_t(entries.count), max(.zero, deadline - .now).wholeMilliseconds)
        guard ready > 0 else { return }
        guard entries[sources.count].revents == 0 else { throw Interrupted() }
        for index in sources.indices where entries[index].revents != 0 { try read(index) }
    }

    private func read(_ index: Int) throws {
        let count = Foundation.read(sources[index].descriptor, &buffer, buffer.count)
        let now = ContinuousClock.now
        guard count > 0 else {
            guard count == 0 else { return }
            throw BenchError("node \(index + 1) has ended:\n\(sources[index].log.tail)")
        }
        keep(buffer[..<count], of: sources[index], now)
        sources[index].log.read(buffer[..<count])
        guard sources[index].knewAll == nil, sources[index].log.count >= others else { return }
        sources[index].knewAll = now
        waiting -= 1
    }

    /// What is read at one time has one time before it, in seconds: the log's own are whole seconds.
    private func keep(_ bytes: ArraySlice<UInt8>, of source: Source, _ now: ContinuousClock.Instant) {
        guard let copy = source.copy else { return }
        copy.write(Data("+\((now - madeAt).inSeconds) s\n".utf8) + Data(bytes))
    }

    /// Who is not there yet, for the message of a run that fails.
    private var laggards: String {
        let late = sources.indices.filter { sources[$0].knewAll == nil }
        let shown = late.prefix(3).map { "node \($0 + 1) knows \(sources[$0].log.count) of \(others):\n\(sources[$0].log.tail)" }
        return "\(late.count) of \(sources.count) nodes do not.\n" + shown.joined(separator: "\n")
    }
}
