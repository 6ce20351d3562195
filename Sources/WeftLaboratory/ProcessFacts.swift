import Foundation

/// What /proc tells of a process.
package enum ProcessFacts {
    /// How often its threads have gone to sleep (`voluntary_ctxt_switches`, proc(5)) in sum; `nil` when it is gone.
    package static func voluntarySwitches(_ id: pid_t) -> Int? {
        switches(id, ["voluntary_ctxt_switches:"])
    }

    /// The same, and how often they had to make room for others.
    package static func contextSwitches(_ id: pid_t) -> Int? {
        switches(id, ["voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:"])
    }

    /// How often its threads have gone to sleep for want of something to do: without the times they waited until a page of a file was
    /// read from disk (`majflt`, proc(5)). `nil` when it is gone.
    package static func idleSwitches(_ id: pid_t) -> Int? {
        // The name of the program stands in parentheses and may hold any character.
        guard let switches = voluntarySwitches(id), let fields = read("/proc/\(id)/stat").split(separator: ")").last else { return nil }
        let words = fields.split(separator: " ")
        return words.count > 9 ? switches - (Int(words[9]) ?? 0) : nil
    }

    private static func switches(_ id: pid_t, _ fields: Set<Substring>) -> Int? {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/task")) ?? []
        guard !tasks.isEmpty else { return nil }
        return tasks.reduce(0) { $0 + values(of: fields, in: "/proc/\(id)/task/\($1)/status") }
    }

    /// The processor time of all its threads, those that have ended among them, in seconds; `nil` when it is gone. The sum that
    /// proc(5) tells in ticks as `utime` and `stime`, to the nanosecond.
    package static func processorSeconds(_ id: pid_t) -> Double? {
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(id, &clock) == 0, clock_gettime(clock, &time) == 0 else { return nil }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Resident bytes, and the same with shared pages counted in proportion (`Rss`, `Pss` of smaps_rollup, proc(5)).
    package static func memory(_ id: pid_t) -> (resident: Int, proportional: Int) {
        let path = "/proc/\(id)/smaps_rollup"
        return (values(of: ["Rss:"], in: path) * 1024, values(of: ["Pss:"], in: path) * 1024)
    }

    /// Resident bytes that no file holds: what it has allocated, and its stacks (`Anonymous` of smaps_rollup).
    package static func anonymousMemory(_ id: pid_t) -> Int {
        values(of: ["Anonymous:"], in: "/proc/\(id)/smaps_rollup") * 1024
    }

    /// Bytes that left by an interface of the network namespace that it lives in (`/proc/PID/net/dev`); `nil` without the interface.
    package static func sentBytes(_ id: pid_t, interface: String) -> Int? {
        for line in read("/proc/\(id)/net/dev").split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == ":" }
            if words.count > 9, words[0] == interface { return Int(words[9]) }
        }
        return nil
    }

    /// Processes that were started by `id`, and by those.
    package static func descendants(of id: pid_t) -> [pid_t] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/task")) ?? []
        let children = tasks.flatMap { read("/proc/\(id)/task/\($0)/children").split(separator: " ").compactMap { pid_t($0) } }
        return children + children.flatMap(descendants)
    }

    /// Command lines of all processes; arguments are separated by NUL.
    package static func allCommandLines() -> [pid_t: String] {
        let ids = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
        return Dictionary(ids.map { ($0, read("/proc/\($0)/cmdline")) }) { first, _ in first }
    }

    package static func environment(_ id: pid_t) -> String {
        read("/proc/\(id)/environ")
    }

    /// The lines of `/proc/PID/status` (proc(5)) by their names; empty when it is gone.
    package static func status(_ id: pid_t) -> [String: String] {
        let pairs = read("/proc/\(id)/status").split(separator: "\n").compactMap { line -> (String, String)? in
            let parts = line.split(separator: ":", maxSplits: 1)
            return parts.count == 2 ? (String(parts[0]), parts[1].trimmingCharacters(in: .whitespaces)) : nil
        }
        return Dictionary(pairs) { first, _ in first }
    }

    /// The sum of the numbers of lines that begin with one of the fields; a unit behind a number is passed over.
    private static func values(of fields: Set<Substring>, in path: String) -> Int {
        var sum = 0
        for line in read(path).split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace)
            if words.count > 1, fields.contains(words[0]) { sum += Int(words[1]) ?? 0 }
        }
        return sum
    }

    private static func read(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}
