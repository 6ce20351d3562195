import Glibc

/// What this process takes of the machine (proc(5)).
package struct ProcessUsage: Hashable, Sendable {
    /// Memory that is not swapped out, in bytes.
    package var residentBytes: UInt64
    /// Processor time of all its threads, in user and system mode, in seconds.
    package var processorSeconds: Double
    /// Open file descriptors.
    package var openDescriptors: Int
    /// When it was started, in seconds since 1970. Out of the machine's start, which follows corrections of the clock: the same at each
    /// reading if it is read once and kept.
    package var startSeconds: Double

    package init(residentBytes: UInt64, processorSeconds: Double, openDescriptors: Int, startSeconds: Double) {
        self.residentBytes = residentBytes
        self.processorSeconds = processorSeconds
        self.openDescriptors = openDescriptors
        self.startSeconds = startSeconds
    }

    /// As it is now; `nil` without a /proc that can be read.
    package static func read() -> ProcessUsage? {
        guard let pages = residentPages(ProcFile.read("/proc/self/statm")), let descriptors = countDescriptors(), let startSeconds else {
            return nil
        }
        return ProcessUsage(
            residentBytes: pages &* UInt64(max(0, sysconf(Int32(_SC_PAGESIZE)))),
            processorSeconds: seconds(CLOCK_PROCESS_CPUTIME_ID),
            openDescriptors: descriptors, startSeconds: startSeconds)
    }

    private static let startSeconds: Double? = {
        guard let ticks = startTicks(ProcFile.read("/proc/self/stat")) else { return nil }
        // Not out of /proc/stat, which a service may not see (systemd.exec(5), ProcSubset=pid).
        let boot = seconds(CLOCK_REALTIME) - seconds(CLOCK_BOOTTIME)
        return boot + Double(ticks) / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
    }()

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    // MARK: The texts

    /// The second number of `/proc/self/statm`.
    static func residentPages(_ statm: String) -> UInt64? {
        let words = statm.split(separator: " ")
        return words.count > 1 ? UInt64(words[1]) : nil
    }

    /// Field 22 of `/proc/self/stat`: ticks from the machine's start to the process's. The second field is the program's name, in which
    /// there may be anything: so the fields are counted from the last bracket.
    static func startTicks(_ stat: String) -> UInt64? {
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let words = stat[stat.index(after: end)...].split(separator: " ")
        return words.count > 19 ? UInt64(words[19]) : nil
    }

    private static func countDescriptors() -> Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while let entry = readdir(folder) {
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        // Without the one that counts.
        return max(0, count - 1)
    }
}

/// Files of /proc, which tell no size.
private enum ProcFile {
    /// Longer ones are cut; those that are read here have a line.
    static let maximumBytes = 64 << 10

    /// Empty if it cannot be read.
    static func read(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while bytes.count < maximumBytes, case let count = Glibc.read(descriptor, &chunk, chunk.count), count > 0 {
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
